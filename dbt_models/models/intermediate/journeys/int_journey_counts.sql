-- How many journeys are of one kind: they have the hiring campaign, the source,
-- the period of their beginning, and their stages in common. In a build of
-- news, the kinds whose number changes; it may come to none.
{{ config(
    materialized='incremental',
    unique_key='kind_id'
) }}

with

journeys as (
    select
        {% for stage in ordered_stages() %}
        {{ has_entered(stage) }} as is_in_{{ stage }},
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
        counted
    from {{ ref('int_journey_changes') }}
),

kinds as (
    select
        {% for stage in ordered_stages() %}
        is_in_{{ stage }},
        {% endfor %}
        hiring_campaign,
        source,
        period_start_date,
        furthest_stage,
        is_waiting,
        sum(counted) as counted
    from journeys
    group by all
    having sum(counted) <> 0
),

identified as (
    select
        *,
        -- with its length, no campaign can be taken for another and a source
        {{ dbt.hash(
            "length(hiring_campaign) || '|' || hiring_campaign"
            ~ " || '|' || source || '|' || period_start_date"
            ~ " || '|' || coalesce(furthest_stage, '') || '|' || is_waiting"
            ~ " || '|' || is_in_"
            ~ ordered_stages() | join(" || '|' || is_in_")
        ) }} as kind_id
    from kinds
),

final as (
    select
        kinds.kind_id,
        {% for stage in ordered_stages() %}
        kinds.is_in_{{ stage }},
        {% endfor %}
        kinds.hiring_campaign,
        kinds.source,
        kinds.period_start_date,
        kinds.furthest_stage,
        kinds.is_waiting,
        {{ with_last_count('kinds.counted', 'built.journeys') }} as journeys
    from identified as kinds
    {{ join_last_built('kinds.kind_id') }}
)

select * from final
