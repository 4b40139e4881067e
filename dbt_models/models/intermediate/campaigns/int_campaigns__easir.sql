with

campaigns as (
    select * from {{ ref('stg_easir__campaigns') }}
),

recipients as (
    select distinct campaign_id
    from {{ ref('stg_easir__campaign_recipients') }}
),

final as (
    select
        'easir' as vendor,
        coalesce(campaigns.campaign_id, recipients.campaign_id)
            as vendor_campaign_id,
        campaigns.campaign_name,
        coalesce(campaigns.campaign_type, 'unknown') as channel,
        campaigns.campaign_status as vendor_campaign_status,
        campaigns.sent_at,
        coalesce(campaigns.is_deleted, false) as is_deleted,
        campaigns.first_missing_at
    from campaigns
    full outer join recipients
        on campaigns.campaign_id = recipients.campaign_id
)

select * from final
