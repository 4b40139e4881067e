with

journeys as (
    select * from {{ ref('fct_journeys') }}
),

journey_stages as (
    select * from {{ ref('int_journey_stages') }}
    where stage_order is not null
),

stages as (
    select * from {{ ref('int_stages') }}
),

steps as (
    select
        from_stages.stage as from_stage,
        from_stages.stage_order as from_stage_order,
        to_stages.stage as to_stage
    from stages as from_stages
    inner join stages as to_stages
        on from_stages.stage_order + 1 = to_stages.stage_order
),

furthest as (
    select
        person_id,
        hiring_campaign,
        max(stage_order) as furthest_stage_order
    from journey_stages
    group by person_id, hiring_campaign
),

-- Whoever has the assessment's verdict no longer waits for it.
verdicts as (
    select
        assessments.person_id,
        assessments.hiring_campaign,
        'assessed' as stage
    from {{ ref('fct_assessments') }} as assessments
    inner join {{ ref('int_status_map') }} as status_map
        on
            status_map.vendor = 'hirednow'
            and {{ status_key('assessments.recommendation_status') }}
            = status_map.status_key
    group by assessments.person_id, assessments.hiring_campaign
),

moves as (
    select
        journeys.hiring_campaign,
        steps.from_stage,
        steps.from_stage_order,
        steps.to_stage,
        {{ days_between('entered.reached_at', 'followed.reached_at') }}
            as days,
        journeys.is_open
        and entered.stage_order = furthest.furthest_stage_order
        and verdicts.stage is null as is_waiting
    from journeys
    cross join steps
    left join journey_stages as entered
        on
            journeys.person_id = entered.person_id
            and journeys.hiring_campaign = entered.hiring_campaign
            and steps.from_stage = entered.stage
    left join journey_stages as followed
        on
            journeys.person_id = followed.person_id
            and journeys.hiring_campaign = followed.hiring_campaign
            and steps.to_stage = followed.stage
    left join furthest
        on
            journeys.person_id = furthest.person_id
            and journeys.hiring_campaign = furthest.hiring_campaign
    left join verdicts
        on
            journeys.person_id = verdicts.person_id
            and journeys.hiring_campaign = verdicts.hiring_campaign
            and steps.from_stage = verdicts.stage
),

final as (
    select
        {{ dbt.hash("hiring_campaign || '|' || from_stage") }}
            as stage_duration_id,
        hiring_campaign,
        from_stage,
        to_stage,
        from_stage_order,
        count(*) filter (where days >= 0) as people,
        {{ quantile('case when days >= 0 then days end', 0.5) }} as p50_days,
        {{ quantile('case when days >= 0 then days end', 0.9) }} as p90_days,
        count(*) filter (where is_waiting) as still_waiting
    from moves
    group by hiring_campaign, from_stage, to_stage, from_stage_order
)

select * from final
