with

campaigns as (
    select * from {{ ref('stg_talkpush__campaigns') }}
),

leads as (
    select
        coalesce(campaign_id, 'unknown') as campaign_id,
        campaign_name,
        row_number() over (
            partition by coalesce(campaign_id, 'unknown')
            order by
                case when campaign_name is null then 1 else 0 end,
                updated_at desc nulls last,
                lead_id asc
        ) as recency
    from {{ ref('stg_talkpush__leads') }}
),

named_by_leads as (
    select
        campaign_id,
        case when campaign_id <> 'unknown' then campaign_name end
            as campaign_name
    from leads
    where recency = 1
),

final as (
    select
        'talkpush' as vendor,
        coalesce(campaigns.campaign_id, named_by_leads.campaign_id)
            as vendor_campaign_id,
        coalesce(campaigns.campaign_name, named_by_leads.campaign_name)
            as campaign_name,
        'lead_management' as channel,
        case
            when campaigns.is_archived then 'archived'
            when not campaigns.is_archived then 'active'
        end as vendor_campaign_status
    from campaigns
    full outer join named_by_leads
        on campaigns.campaign_id = named_by_leads.campaign_id
)

select * from final
