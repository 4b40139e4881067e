with

journeys as (
    select
        person_id,
        hiring_campaign,
        source,
        {{ utc_date(dbt.date_trunc(var('funnel_period'), 'first_event_at')) }}
            as period_start_date
    from {{ ref('fct_journeys') }}
),

journey_stages as (
    select * from {{ ref('int_journey_stages') }}
    where stage_order is not null
),

stages as (
    select * from {{ ref('int_stages') }}
),

spans as (
    select
        person_id,
        hiring_campaign,
        min(stage_order) as first_stage_order,
        max(stage_order) as furthest_stage_order
    from journey_stages
    group by person_id, hiring_campaign
),

steps as (
    select
        journeys.period_start_date,
        journeys.hiring_campaign,
        journeys.source,
        stages.stage,
        stages.stage_order,
        case when reached.stage is not null then 1 else 0 end as is_in,
        case when previous.stage is not null then 1 else 0 end as was_before,
        case
            when
                stages.stage_order between spans.first_stage_order
                and spans.furthest_stage_order
                then 1
            else 0
        end as is_reached,
        case
            when
                stages.stage_order - 1 between spans.first_stage_order
                and spans.furthest_stage_order
                then 1
            else 0
        end as was_reached_before
    from journeys
    cross join stages
    left join journey_stages as reached
        on
            journeys.person_id = reached.person_id
            and journeys.hiring_campaign = reached.hiring_campaign
            and stages.stage_order = reached.stage_order
    left join journey_stages as previous
        on
            journeys.person_id = previous.person_id
            and journeys.hiring_campaign = previous.hiring_campaign
            and stages.stage_order = previous.stage_order + 1
    left join spans
        on
            journeys.person_id = spans.person_id
            and journeys.hiring_campaign = spans.hiring_campaign
),

counted as (
    select
        period_start_date,
        hiring_campaign,
        source,
        stage,
        stage_order,
        cast(sum(is_in) as bigint) as people,
        cast(sum(is_in * was_before) as bigint) as people_from_previous,
        cast(sum(was_before) as bigint) as people_of_previous,
        cast(sum(is_reached) as bigint) as people_reached,
        cast(sum(is_reached * was_reached_before) as bigint)
            as people_reached_from_previous,
        cast(sum(was_reached_before) as bigint) as people_reached_previous
    from steps
    group by period_start_date, hiring_campaign, source, stage, stage_order
),

final as (
    select
        period_start_date,
        hiring_campaign,
        source,
        stage,
        stage_order,
        people,
        people_from_previous,
        cast(people_from_previous as double)
        / nullif(people_of_previous, 0) as conversion_rate,
        people_reached,
        people_reached_from_previous,
        cast(people_reached_from_previous as double)
        / nullif(people_reached_previous, 0) as reached_conversion_rate,
        {{ dbt.hash(
            "period_start_date || '|' || hiring_campaign || '|' || source"
            ~ " || '|' || stage"
        ) }} as funnel_id
    from counted
)

select * from final
