-- What vendors changed about their records, a list of each kind.
with

changes as (
    select distinct
        vendor,
        resource,
        kind,
        field_name
        || coalesce(' (' || {{ clean_text('detail') }} || ')', '') as told
    from {{ source('ops', 'drift') }}
),

lists as (
    select
        vendor,
        resource,
        kind,
        {{ comma_list('told') }} as changes,
        count(*) as count_changes
    from changes
    group by vendor, resource, kind
),

final as (
    select
        vendor,
        resource,
        max(changes) filter (where kind = 'new_field') as new_fields,
        max(count_changes) filter (where kind = 'new_field')
            as count_new_fields,
        max(changes) filter (where kind = 'vanished_field')
            as vanished_fields,
        max(changes) filter (where kind = 'changed_type') as changed_types
    from lists
    group by vendor, resource
)

select * from final
