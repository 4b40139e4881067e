{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons', 'keeps_before': counted_columns()},
    post_hook="{{ journeys_stall() }}"
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

-- First touch is the earliest event; a journey stands where its latest event
-- or change of status left it.
entries as (
    select
        entries.*,
        campaigns.hiring_campaign,
        {{ place_number(
            'ordered_at',
            ['campaigns.vendor', 'entries.record_id'],
            [('coalesce(stage_order, 127)', 128)]
        ) }} as touch_place,
        {{ place_number(
            'ordered_at',
            ['campaigns.vendor', 'entries.record_id', 'entries.stage'],
            [('coalesce(stage_order, 127)', 128), ('status_number', 65536)]
        ) }} as status_place
    from {{ ref('int_journey_entries') }} as entries
    inner join campaigns
        on entries.campaign_number = campaigns.campaign_number
),

stages as (
    select * from {{ ref('int_stages') }}
),

status_map as (
    select * from {{ ref('int_status_map') }}
    where vendor = 'hirednow'
),

results as (
    select * from {{ touched_rows(ref('fct_assessments')) }}
),

assessments as (
    select
        results.person_id,
        results.hiring_campaign,
        max(results.overall_score) as best_score,
        coalesce(
            max(results.cefr) filter (
                where substr(results.cefr, 1, 1) in ('A', 'B', 'C')
            ),
            min(results.cefr)
        ) as cefr,
        count(status_map.status_key) > 0 as has_verdict
    from results
    left join status_map
        on
            {{ status_key('results.recommendation_status') }}
            = status_map.status_key
    group by results.person_id, results.hiring_campaign
),

journeys as (
    select
        person_number,
        hiring_campaign,
        {{ dbt.any_value('person_id') }} as person_id,
        {% for stage in ordered_stages() + [
            'rejected', 'on_hold', 'no_response'
        ] %}
        min(occurred_at) filter (where is_event and stage = '{{ stage }}')
            as {{ stage }}_at,
        {% endfor %}
        max(occurred_at) filter (where is_event and stage = 'rejected')
            as last_rejected_at,
        max(stage_order) as furthest_stage_order,
        nullif(min_by(coalesce(record_source, ''), touch_place) filter (
            where is_event
        ), '') as source,
        max_by(stage, status_place) as current_status,
        max_by(occurred_at, status_place) as last_activity_at,
        min(ordered_at) filter (where is_event) as first_event_at,
        max(occurred_at) filter (where is_event) as last_event_at,
        count(*) filter (where is_event) as count_events
    from entries
    group by person_number, hiring_campaign
    having count(*) filter (where is_event) > 0
),

joined as (
    select
        journeys.*,
        stages.stage as furthest_stage,
        assessments.best_score,
        assessments.cefr,
        coalesce(assessments.has_verdict, false) as has_verdict,
        journeys.hired_at is null
        and (
            journeys.last_rejected_at is null
            or journeys.last_rejected_at < journeys.last_event_at
        ) as is_open
    from journeys
    left join stages
        on journeys.furthest_stage_order = stages.stage_order
    left join assessments
        on
            journeys.person_id = assessments.person_id
            and journeys.hiring_campaign = assessments.hiring_campaign
),

final as (
    select
        {{ dbt.hash("person_id || '|' || hiring_campaign") }} as journey_id,
        person_id,
        {{ text_number('person_id') }} as person_hash,
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
        {{ stages_entered() }} as stages_entered,
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
