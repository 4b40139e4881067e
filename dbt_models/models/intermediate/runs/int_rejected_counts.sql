-- How many records could not be stored, and are not stored as they were seen
-- later. What they hold stays where it is.
with

final as (
    select
        vendor,
        resource,
        count(*) as count_rejected
    from {{ source('ops', 'rejected_records') }}
    where not is_superseded
    group by vendor, resource
)

select * from final
