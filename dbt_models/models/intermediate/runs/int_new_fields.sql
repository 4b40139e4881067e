with

new_fields as (
    select distinct
        vendor,
        resource,
        field_name
    from {{ source('ops', 'new_fields') }}
),

final as (
    select
        vendor,
        resource,
        {{ comma_list('field_name') }} as new_fields,
        count(*) as count_new_fields
    from new_fields
    group by vendor, resource
)

select * from final
