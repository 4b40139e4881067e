with

campaigns as (
    select * from {{ ref('stg_talkpush__campaigns') }}
),

leads as (
    select
        coalesce(campaign_id, 'unknown') as campaign_id,
        case when campaign_id is not null then campaign_name end
            as campaign_name,
        updated_at
    from {{ ref('stg_talkpush__leads') }}
),

newest as (
    select
        campaign_id,
        max(updated_at) filter (where campaign_name is not null) as updated_at
    from leads
    group by campaign_id
),

names as (
    select
        leads.campaign_id,
        min(leads.campaign_name) as campaign_name
    from leads
    inner join newest
        on
            leads.campaign_id = newest.campaign_id
            and leads.updated_at is not distinct from newest.updated_at
    where leads.campaign_name is not null
    group by leads.campaign_id
),

named_by_leads as (
    select
        newest.campaign_id,
        names.campaign_name
    from newest
    left join names
        on newest.campaign_id = names.campaign_id
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
