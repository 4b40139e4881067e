with

hours as (
    select * from {{ ref('stg_closerx__hourly_metrics') }}
),

final as (
    select
        {{ dbt.hash(
            "campaign_id || '|' || local_date || '|' || hour"
            ~ " || '|' || hour_occurrence"
        ) }} as campaign_hour_id,
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
