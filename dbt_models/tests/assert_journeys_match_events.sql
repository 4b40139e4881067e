-- A journey for each person and hiring campaign with events, with all of them.
with

journeys as (
    select * from {{ touched_rows(ref('fct_journeys')) }}
),

counted as (
    select
        person_id,
        hiring_campaign,
        count(*) as count_events,
        max(occurred_at) as last_event_at
    from {{ touched_rows(ref('fct_funnel_events')) }}
    group by person_id, hiring_campaign
)

select
    coalesce(journeys.person_id, counted.person_id) as person_id,
    coalesce(journeys.hiring_campaign, counted.hiring_campaign)
        as hiring_campaign
from journeys
full outer join counted
    on
        journeys.person_id = counted.person_id
        and journeys.hiring_campaign = counted.hiring_campaign
where
    journeys.count_events is distinct from counted.count_events
    or journeys.last_event_at is distinct from counted.last_event_at
