with

entries as (
    select * from {{ ref('int_status_entries') }}
    where stage is null
),

final as (
    select
        vendor,
        min(vendor_status) as vendor_status,
        status_key,
        -- each record enters a status for the first time once
        count(*) filter (where stage_entry_number = 1) as count_records,
        max(seen_at) as last_seen_at
    from entries
    group by vendor, status_key
)

select
    vendor || ':' || status_key as unmapped_status_id,
    vendor,
    vendor_status,
    count_records,
    last_seen_at
from final
