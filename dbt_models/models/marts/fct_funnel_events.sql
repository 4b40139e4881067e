with

events as (
    select * from {{ ref('int_funnel_events') }}
)

select
    event_id,
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
