-- How many journeys are of one kind: they have the hiring campaign, the source,
-- the period of their beginning, and their stages in common. In a build of
-- news, the kinds whose number changes; it may come to none.
{{ config(
    materialized='incremental',
    unique_key='kind_id'
) }}

{%- set kind = [
    'hiring_campaign', 'source', 'period_start_date', 'furthest_stage',
    'is_waiting'
] %}
{%- for stage in ordered_stages() %}
    {%- do kind.append('is_in_' ~ stage) %}
{%- endfor %}

with

journeys as (
    select
        {% for stage in ordered_stages() %}
        {{ stage }}_at is not null as is_in_{{ stage }},
        {% endfor %}
        hiring_campaign,
        source,
        cast({{ dbt.date_trunc(
            var('funnel_period'), utc_date('first_event_at')
        ) }} as date) as period_start_date,
        furthest_stage,
        -- whoever has the assessment's verdict no longer waits for it
        is_open
        and not coalesce(furthest_stage = 'assessed' and has_verdict, false)
            as is_waiting,
        change
    from {{ ref('int_journey_changes') }}
),

kinds as (
    select
        {{ kind | join(', ') }},
        sum(change) as change
    from journeys
    group by {{ kind | join(', ') }}
),

identified as (
    select
        *,
        {{ dbt.hash(
            "hiring_campaign || '|' || source || '|' || period_start_date"
            ~ " || '|' || coalesce(furthest_stage, '') || '|' || is_waiting"
            ~ " || '|' || is_in_" ~ ordered_stages()
                | join(" || '|' || is_in_")
        ) }} as kind_id
    from kinds
    where change <> 0
),

final as (
    select
        kinds.kind_id,
        {% for column in kind %}
        kinds.{{ column }},
        {% endfor %}
        {{ with_last_count('kinds.change', 'built.journeys') }} as journeys
    from identified as kinds
    {{ join_last_built('kinds.kind_id') }}
)

select * from final
