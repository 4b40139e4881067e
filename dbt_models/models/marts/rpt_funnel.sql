with

-- Journeys that were in the same stages count the same everywhere.
alike as (
    select
        {% for stage in ordered_stages() %}
        is_in_{{ stage }},
        {% endfor %}
        hiring_campaign,
        source,
        period_start_date,
        journeys
    from {{ ref('int_journey_counts') }}
    where journeys > 0
),

numbered as (
    select
        *,
        case
            {% for stage in ordered_stages() %}
            when is_in_{{ stage }} then {{ loop.index }}
            {% endfor %}
        end as first_stage_order,
        case
            {% for stage in ordered_stages() | reverse %}
            when is_in_{{ stage }} then {{ loop.revindex }}
            {% endfor %}
        end as furthest_stage_order
    from alike
),

cells as (
    select
        {% for stage in ordered_stages() %}
        {% set is_in = 'is_in_' ~ stage %}
        {% set was_before = 'is_in_' ~ loop.previtem if loop.previtem
            else 'false' %}
        {% set is_reached = loop.index
            ~ ' between first_stage_order and furthest_stage_order' %}
        {% set was_reached_before = loop.index0
            ~ ' between first_stage_order and furthest_stage_order' %}
        {% for name, condition in [
            ('people', is_in),
            ('people_from_previous', is_in ~ ' and ' ~ was_before),
            ('people_of_previous', was_before),
            ('people_reached', is_reached),
            (
                'people_reached_from_previous',
                is_reached ~ ' and ' ~ was_reached_before
            ),
            ('people_reached_previous', was_reached_before),
        ] %}
        sum(case when {{ condition }} then journeys else 0 end)
            as {{ stage }}_{{ name }},
        {% endfor %}
        {% endfor %}
        period_start_date,
        hiring_campaign,
        source
    from numbered
    group by period_start_date, hiring_campaign, source
),

counted as (
    {% for stage in ordered_stages() %}
    select
        {% for name in [
            'people', 'people_from_previous', 'people_of_previous',
            'people_reached', 'people_reached_from_previous',
            'people_reached_previous'
        ] %}
        cast({{ stage }}_{{ name }} as bigint)
            as {{ name }},
        {% endfor %}
        period_start_date,
        hiring_campaign,
        source,
        '{{ stage }}' as stage,
        cast({{ loop.index }} as bigint) as stage_order
    from cells
    {{ 'union all' if not loop.last }}
    {% endfor %}
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
