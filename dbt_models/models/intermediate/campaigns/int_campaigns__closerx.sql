with

final as (
    select distinct
        'closerx' as vendor,
        campaign_id as vendor_campaign_id,
        cast(null as {{ dbt.type_string() }}) as campaign_name,
        'ai_call' as channel,
        cast(null as {{ dbt.type_string() }}) as vendor_campaign_status,
        cast(null as {{ type_timestamptz() }}) as sent_at,
        false as is_deleted,
        cast(null as {{ type_timestamptz() }}) as first_missing_at
    from {{ ref('stg_closerx__hourly_metrics') }}
)

select * from final
