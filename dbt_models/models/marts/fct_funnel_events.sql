{{ config(
    materialized='incremental',
    unique_key='person_id',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

events as (
    select * from {{ ref('int_journey_entries') }}
    where is_event
)

select
    {{ dbt.hash(
        "vendor || '|' || record_id || '|' || stage || '|' || entry_number"
    ) }} as event_id,
    person_id,
    vendor,
    record_id,
    campaign_key,
    hiring_campaign,
    stage,
    stage_order,
    vendor_status,
    occurred_at,
    time_precision
from events
