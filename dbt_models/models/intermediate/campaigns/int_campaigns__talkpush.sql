with

campaigns as (
    select * from {{ ref('stg_talkpush__campaigns') }}
),

names as (
    select
        coalesce(campaign_id, 'unknown') as campaign_id,
        case when campaign_id is not null then campaign_name end
            as campaign_name,
        max(updated_at) as updated_at
    from {{ ref('stg_talkpush__leads') }}
    group by 1, 2
),

ranked as (
    select
        *,
        row_number() over (
            partition by campaign_id
            order by
                case when campaign_name is null then 1 else 0 end,
                updated_at desc nulls last,
                campaign_name asc
        ) as recency
    from names
),

named_by_leads as (
    select
        campaign_id,
        campaign_name
    from ranked
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
        end as vendor_campaign_status,
        cast(null as {{ type_timestamptz() }}) as sent_at,
        false as is_deleted,
        cast(null as {{ type_timestamptz() }}) as first_missing_at
    from campaigns
    full outer join named_by_leads
        on campaigns.campaign_id = named_by_leads.campaign_id
)

select * from final
