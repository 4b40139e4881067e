with

measured as (
    select
        hiring_campaign,
        from_stage,
        count(*) as people,
        {{ quantile('days', 0.5) }} as p50_days,
        {{ quantile('days', 0.9) }} as p90_days
    from {{ ref('int_stage_durations') }}
    group by hiring_campaign, from_stage
),

waiting as (
    select
        hiring_campaign,
        furthest_stage as from_stage,
        cast(
            sum(case when is_waiting then journeys else 0 end) as bigint
        ) as still_waiting
    from {{ ref('int_journey_counts') }}
    where journeys > 0
    group by hiring_campaign, furthest_stage
),

campaigns as (
    select distinct hiring_campaign from waiting
),

steps as (
    {% for stage in ordered_stages()[:-1] %}
    select
        hiring_campaign,
        '{{ stage }}' as from_stage,
        '{{ ordered_stages()[loop.index] }}' as to_stage,
        cast({{ loop.index }} as bigint) as from_stage_order
    from campaigns
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

joined as (
    select
        steps.hiring_campaign,
        steps.from_stage,
        steps.to_stage,
        steps.from_stage_order,
        measured.p50_days,
        measured.p90_days,
        coalesce(measured.people, 0) as people,
        coalesce(waiting.still_waiting, 0) as still_waiting
    from steps
    left join measured
        on
            steps.hiring_campaign = measured.hiring_campaign
            and steps.from_stage = measured.from_stage
    left join waiting
        on
            steps.hiring_campaign = waiting.hiring_campaign
            and steps.from_stage = waiting.from_stage
),

final as (
    select
        {{ dbt.hash("hiring_campaign || '|' || from_stage") }}
            as stage_duration_id,
        hiring_campaign,
        from_stage,
        to_stage,
        from_stage_order,
        people,
        p50_days,
        p90_days,
        still_waiting
    from joined
)

select * from final
