with

status_map as (
    select * from {{ ref('status_map') }}
),

final as (
    select
        lower(trim(vendor)) as vendor,
        {{ status_key('vendor_status') }} as status_key,
        min(lower({{ clean_text('stage') }})) as stage
    from status_map
    group by lower(trim(vendor)), {{ status_key('vendor_status') }}
)

select * from final
