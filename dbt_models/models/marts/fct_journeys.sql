{{ config(
    materialized='incremental',
    unique_key='person_id',
    meta={'touched': 'int_touched_persons'},
    post_hook="{{ journeys_stall() }}"
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

events as (
    select * from {{ ref('int_journey_entries') }}
    where is_event
),

sources as (
    select * from {{ ref('int_journey_sources') }}
),

statuses as (
    select * from {{ ref('int_journey_statuses') }}
),

status_map as (
    select * from {{ ref('int_status_map') }}
    where vendor = 'hirednow'
),

-- In a build of news, int_person_records has the touched persons only.
results as (
    select *
    from {{ ref('fct_assessments') }}
    {{ where_touched('person_id', ref('int_person_records')) }}
),

assessments as (
    select
        results.person_id,
        results.hiring_campaign,
        max(results.overall_score) as best_score,
        max_by(
            results.cefr,
            case
                when substr(results.cefr, 1, 1) in ('A', 'B', 'C')
                    then results.cefr
                else ''
            end
        ) filter (where results.cefr is not null) as cefr,
        count(status_map.status_key) > 0 as has_verdict
    from results
    left join status_map
        on
            {{ status_key('results.recommendation_status') }}
            = status_map.status_key
    group by results.person_id, results.hiring_campaign
),

reached as (
    select
        person_id,
        hiring_campaign,
        {% for stage in ordered_stages() + [
            'rejected', 'on_hold', 'no_response'
        ] %}
        min(occurred_at) filter (where stage = '{{ stage }}')
            as {{ stage }}_at,
        {% endfor %}
        max(occurred_at) filter (where stage = 'rejected')
            as last_rejected_at,
        max_by(stage, stage_order) filter (where stage_order is not null)
            as furthest_stage,
        min(ordered_at) as first_event_at,
        max(occurred_at) as last_event_at,
        count(*) as count_events
    from events
    group by person_id, hiring_campaign
),

joined as (
    select
        reached.*,
        sources.source,
        statuses.current_status,
        statuses.last_activity_at,
        assessments.best_score,
        assessments.cefr,
        coalesce(assessments.has_verdict, false) as has_verdict,
        reached.hired_at is null
        and (
            reached.last_rejected_at is null
            or reached.last_rejected_at < reached.last_event_at
        ) as is_open
    from reached
    left join sources
        on
            reached.person_id = sources.person_id
            and reached.hiring_campaign = sources.hiring_campaign
    left join statuses
        on
            reached.person_id = statuses.person_id
            and reached.hiring_campaign = statuses.hiring_campaign
    left join assessments
        on
            reached.person_id = assessments.person_id
            and reached.hiring_campaign = assessments.hiring_campaign
),

final as (
    select
        {{ dbt.hash("person_id || '|' || hiring_campaign") }} as journey_id,
        person_id,
        hiring_campaign,
        source,
        contacted_at,
        lead_at,
        applied_at,
        assessed_at,
        recommended_at,
        shortlisted_at,
        hired_at,
        rejected_at,
        on_hold_at,
        no_response_at,
        furthest_stage,
        current_status,
        best_score,
        cefr,
        has_verdict,
        is_open,
        {{ is_stalled() }} as is_stalled,
        count_events,
        first_event_at,
        last_event_at,
        last_activity_at
    from joined
)

select * from final
