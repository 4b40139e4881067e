-- Where a journey stands: its latest event or change of status. A record's
-- first status, if it only says that the record exists, adds nothing.
with

events as (
    select * from {{ ref('int_funnel_events') }}
),

status_entries as (
    select * from {{ ref('int_status_entries') }}
),

records as (
    select * from {{ ref('int_person_records') }}
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

eventless as (
    select
        records.person_id,
        campaigns.hiring_campaign,
        coalesce(status_entries.stage, status_entries.vendor_status) as status,
        cast(null as bigint) as stage_order,
        status_entries.occurred_at,
        status_entries.occurred_at as ordered_at,
        status_entries.entry_number,
        records.record_key
    from status_entries
    inner join records
        on
            status_entries.vendor = records.vendor
            and status_entries.record_id = records.record_id
    inner join campaigns
        on
            records.vendor = campaigns.vendor
            and records.vendor_campaign_id = campaigns.vendor_campaign_id
    where
        status_entries.stage is null
        or (status_entries.is_own_stage and status_entries.entry_number > 1)
),

statuses as (
    select * from eventless
    union all
    select
        person_id,
        hiring_campaign,
        stage as status,
        stage_order,
        occurred_at,
        ordered_at,
        stage_entry_number as entry_number,
        vendor || ':' || record_id as record_key
    from events
),

ranked as (
    select
        *,
        row_number() over (
            partition by person_id, hiring_campaign
            order by
                ordered_at desc nulls last,
                stage_order desc nulls first,
                entry_number desc,
                record_key asc
        ) as recency
    from statuses
),

final as (
    select
        person_id,
        hiring_campaign,
        status as current_status,
        occurred_at as last_activity_at
    from ranked
    where recency = 1
)

select * from final
