{{ config(
    materialized='incremental',
    unique_key='campaign_hour_id'
) }}

with

hours as (
    select * from {{ ref('stg_closerx__hourly_metrics') }}
    -- an hour that stands otherwise now stands as a new load says
    where load_id in (
        select loads.load_id from {{ ref('int_loads') }} as loads
        where loads.vendor = 'closerx' and loads.is_new
    )
),

final as (
    select
        campaign_hour_id,
        'closerx:' || campaign_id as campaign_key,
        campaign_id as vendor_campaign_id,
        local_date,
        hour,
        hour_occurrence,
        hour_at,
        credits,
        credits_change,
        results,
        results_change,
        is_final
    from hours
)

select * from final
