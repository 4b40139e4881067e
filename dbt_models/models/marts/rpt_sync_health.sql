with

resources as (
    select * from {{ ref('int_source_resources') }}
),

runs as (
    select * from {{ ref('int_resource_runs') }}
),

drift as (
    select * from {{ ref('int_drift') }}
),

new_statuses as (
    select
        vendor,
        {{ comma_list('vendor_status') }} as new_statuses
    from {{ ref('rpt_unmapped_statuses') }}
    group by vendor
),

rejected as (
    select * from {{ ref('int_rejected_counts') }}
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
        coalesce(drift.new_fields, '') as new_fields,
        coalesce(drift.count_new_fields, 0) as count_new_fields,
        coalesce(drift.vanished_fields, '') as vanished_fields,
        coalesce(drift.changed_types, '') as changed_types,
        coalesce(new_statuses.new_statuses, '') as new_statuses,
        coalesce(rejected.count_rejected, 0) as count_rejected
    from resources
    left join runs
        on
            resources.vendor = runs.vendor
            and resources.resource = runs.resource
    left join drift
        on
            resources.vendor = drift.vendor
            and resources.resource = drift.resource
    left join new_statuses
        on
            resources.vendor = new_statuses.vendor
            and resources.has_statuses
    left join rejected
        on
            resources.vendor = rejected.vendor
            and resources.resource = rejected.resource
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
    count_new_fields,
    vanished_fields,
    changed_types,
    new_statuses,
    count_rejected
from final
