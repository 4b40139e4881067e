with

campaign_map as (
    select * from {{ ref('campaign_map') }}
),

final as (
    select
        lower(trim(vendor)) as vendor,
        trim(vendor_campaign_id) as vendor_campaign_id,
        min({{ clean_text('hiring_campaign') }}) as hiring_campaign
    from campaign_map
    where vendor is not null and vendor_campaign_id is not null
    group by lower(trim(vendor)), trim(vendor_campaign_id)
)

select * from final
