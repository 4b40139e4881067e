-- Statuses without a stage: of records of one version, and of the changes of
-- the others.
with

statuses as (
    select
        vendor,
        vendor_status,
        {{ status_key('vendor_status') }} as status_key,
        count(*) as count_records,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_unmapped_statuses') }}
    group by vendor, vendor_status
    union all
    select
        vendor,
        min(vendor_status) as vendor_status,
        status_key,
        -- each record enters a status for the first time once
        count(*) filter (where stage_entry_number = 1) as count_records,
        max(seen_at) as last_seen_at
    from {{ ref('int_status_entries') }}
    where stage is null
    group by vendor, status_key
),

final as (
    select
        vendor,
        min(vendor_status) as vendor_status,
        status_key,
        cast(sum(count_records) as bigint) as count_records,
        max(last_seen_at) as last_seen_at
    from statuses
    group by vendor, status_key
)

select
    vendor || ':' || status_key as unmapped_status_id,
    vendor,
    vendor_status,
    count_records,
    last_seen_at
from final
