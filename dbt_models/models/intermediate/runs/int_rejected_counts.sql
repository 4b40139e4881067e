-- How many records could not be stored. What they hold stays where it is.
with

final as (
    select
        vendor,
        resource,
        count(*) as count_rejected
    from {{ source('ops', 'rejected_records') }}
    group by vendor, resource
)

select * from final
