{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

entries as (
    select * from {{ ref('int_journey_entries') }}
    where is_event
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

events as (
    select
        entries.*,
        campaigns.vendor,
        campaigns.campaign_key,
        campaigns.hiring_campaign,
        case when entries.is_exact then 'exact' else 'observed' end
            as time_precision
    from entries
    inner join campaigns
        on entries.campaign_number = campaigns.campaign_number
)

select
    {{ dbt.hash(
        "vendor || '|' || record_id || '|' || stage || '|' || entry_number"
    ) }} as event_id,
    person_id,
    {{ text_number('person_id') }} as person_hash,
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
