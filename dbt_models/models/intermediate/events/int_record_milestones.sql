-- The stage that a record's mere existence proves, and since when.
with

recipients as (
    select * from {{ ref('stg_easir__campaign_recipients') }}
),

outreach as (
    select * from {{ ref('stg_easir__campaigns') }}
    where sent_at is not null
),

leads as (
    select * from {{ ref('stg_talkpush__leads') }}
),

applications as (
    select * from {{ ref('stg_linkup__candidates') }}
),

results as (
    select * from {{ ref('stg_hirednow__results') }}
),

milestones as (
    select
        'easir' as vendor,
        recipients.recipient_key as record_id,
        'contacted' as stage,
        outreach.sent_at as vendor_at,
        recipients.first_seen_at
    from recipients
    inner join outreach
        on recipients.campaign_id = outreach.campaign_id
    union all
    select
        'talkpush' as vendor,
        lead_id as record_id,
        'lead' as stage,
        created_at as vendor_at,
        first_seen_at
    from leads
    union all
    select
        'linkup' as vendor,
        application_key as record_id,
        'applied' as stage,
        applied_at as vendor_at,
        first_seen_at
    from applications
    union all
    select
        'hirednow' as vendor,
        result_id as record_id,
        'assessed' as stage,
        created_at as vendor_at,
        first_seen_at
    from results
),

final as (
    select
        vendor,
        record_id,
        stage,
        coalesce(vendor_at, first_seen_at) as occurred_at,
        case when vendor_at is null then 'observed' else 'exact' end
            as time_precision
    from milestones
)

select * from final
