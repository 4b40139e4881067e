-- First touch: where the record of a journey's earliest event came from.
{{ config(materialized='ephemeral') }}

with

events as (
    select
        person_id,
        hiring_campaign,
        record_source,
        row_number() over (
            partition by person_id, hiring_campaign
            order by
                ordered_at nulls last,
                stage_order nulls last,
                vendor,
                record_id,
                event_id
        ) as touch_number
    from {{ ref('int_journey_entries') }}
    where is_event
),

final as (
    select
        person_id,
        hiring_campaign,
        record_source as source
    from events
    where touch_number = 1
)

select * from final
