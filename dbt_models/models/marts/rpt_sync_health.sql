with

resources as (
    select * from {{ ref('int_source_resources') }}
),

runs as (
    select * from {{ ref('int_resource_runs') }}
),

new_fields as (
    select * from {{ ref('int_new_fields') }}
),

joined as (
    select
        resources.vendor || '.' || resources.resource as resource_key,
        resources.vendor,
        resources.resource,
        runs.last_success_at,
        runs.last_attempt_at,
        coalesce(runs.last_status, 'never') as last_status,
        resources.rows_total,
        resources.versions_total,
        coalesce(runs.rows_last_run, 0) as rows_last_run,
        coalesce(new_fields.new_fields, '') as new_fields,
        coalesce(new_fields.count_new_fields, 0) as count_new_fields
    from resources
    left join runs
        on
            resources.vendor = runs.vendor
            and resources.resource = runs.resource
    left join new_fields
        on
            resources.vendor = new_fields.vendor
            and resources.resource = new_fields.resource
),

final as (
    select
        *,
        last_attempt_at is not null
        and (
            last_success_at is null
            or coalesce(
                last_success_at < {{ dbt.dateadd(
                    'minute', -1 * stale_after_minutes(), run_moment()
                ) }},
                false
            )
        ) as is_stale
    from joined
    -- an optional resource that nobody asked for is nobody's concern
    where resource <> 'detailed_results' or last_attempt_at is not null
)

select
    resource_key,
    vendor,
    resource,
    last_success_at,
    last_attempt_at,
    last_status,
    rows_total,
    versions_total,
    rows_last_run,
    is_stale,
    new_fields,
    count_new_fields
from final
