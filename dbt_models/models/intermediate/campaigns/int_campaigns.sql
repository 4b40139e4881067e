{{ config(materialized='table') }}

with

campaigns as (
    select * from {{ ref('int_campaigns__easir') }}
    union all
    select * from {{ ref('int_campaigns__talkpush') }}
    union all
    select * from {{ ref('int_campaigns__linkup') }}
    union all
    select * from {{ ref('int_campaigns__hirednow') }}
    union all
    select * from {{ ref('int_campaigns__closerx') }}
),

campaign_map as (
    select * from {{ ref('int_hiring_campaign_map') }}
),

final as (
    select
        {{ row_numbers() }} as campaign_number,
        campaigns.vendor || ':' || campaigns.vendor_campaign_id
            as campaign_key,
        campaigns.vendor,
        campaigns.vendor_campaign_id,
        coalesce(campaigns.campaign_name, campaigns.vendor_campaign_id)
            as campaign_name,
        campaigns.channel,
        coalesce(
            campaign_map.hiring_campaign,
            campaigns.campaign_name,
            campaigns.vendor_campaign_id
        ) as hiring_campaign,
        campaign_map.hiring_campaign is not null as is_mapped,
        campaigns.vendor_campaign_status,
        campaigns.sent_at,
        campaigns.is_deleted,
        campaigns.first_missing_at
    from campaigns
    left join campaign_map
        on
            campaigns.vendor = campaign_map.vendor
            and campaigns.vendor_campaign_id = campaign_map.vendor_campaign_id
)

select * from final
