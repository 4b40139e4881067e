-- The latest run of each resource, and its latest success.
with

runs as (
    select
        *,
        row_number() over (
            partition by vendor, resource
            order by started_at desc nulls last, run_id desc
        ) as recency,
        row_number() over (
            partition by vendor, resource
            order by
                case when status = 'skipped' then 1 else 0 end,
                started_at desc nulls last,
                run_id desc
        ) as attempt_recency
    from {{ source('ops', 'resource_runs') }}
),

final as (
    select
        vendor,
        resource,
        max(status) filter (where recency = 1) as last_status,
        max(started_at) filter (
            where attempt_recency = 1 and status <> 'skipped'
        ) as last_attempt_at,
        max(versions_added) filter (
            where attempt_recency = 1 and status <> 'skipped'
        ) as rows_last_run,
        max(finished_at) filter (
            where status in ('ok', 'partial')
        ) as last_success_at
    from runs
    group by vendor, resource
)

select * from final
