-- A person in a hiring campaign at a stage: first and last entry.
{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('int_funnel_events') }}
),

final as (
    select
        person_id,
        hiring_campaign,
        stage,
        stage_order,
        min(occurred_at) as reached_at,
        max(occurred_at) as last_reached_at,
        min(ordered_at) as ordered_at,
        count(*) as count_events
    from events
    group by person_id, hiring_campaign, stage, stage_order
)

select * from final
