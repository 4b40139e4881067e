with

journeys as (
    select * from {{ ref('fct_journeys') }}
),

-- One pass over the journeys for all steps.
campaigns as (
    select
        {% for stage in ordered_stages()[:-1] %}
        {% set days = days_between(
            stage ~ '_at', ordered_stages()[loop.index] ~ '_at'
        ) %}
        {% set days_forward =
            'case when ' ~ days ~ ' >= 0 then ' ~ days ~ ' end' %}
        count({{ days_forward }}) as {{ stage }}_people,
        {{ quantile(days_forward, 0.5) }} as {{ stage }}_p50_days,
        {{ quantile(days_forward, 0.9) }} as {{ stage }}_p90_days,
        -- whoever has the assessment's verdict no longer waits for it
        count(*) filter (
            where is_open
            and furthest_stage = '{{ stage }}'
            {{ 'and not has_verdict' if stage == 'assessed' }}
        ) as {{ stage }}_still_waiting,
        {% endfor %}
        hiring_campaign
    from journeys
    group by hiring_campaign
),

steps as (
    {% for stage in ordered_stages()[:-1] %}
    select
        hiring_campaign,
        '{{ stage }}' as from_stage,
        '{{ ordered_stages()[loop.index] }}' as to_stage,
        cast({{ loop.index }} as bigint) as from_stage_order,
        {{ stage }}_people as people,
        {{ stage }}_p50_days as p50_days,
        {{ stage }}_p90_days as p90_days,
        {{ stage }}_still_waiting as still_waiting
    from campaigns
    {{ 'union all' if not loop.last }}
    {% endfor %}
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
    from steps
)

select * from final
