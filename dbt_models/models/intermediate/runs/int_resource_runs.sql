-- The latest run of each resource, and its latest success.
with

runs as (
    select
        *,
        row_number() over (
            partition by vendor, resource
            order by {{ row_place('started_at') }} desc
        ) as recency,
        row_number() over (
            partition by vendor, resource
            order by
                case when status = 'skipped' then 1 else 0 end,
                {{ row_place('started_at') }} desc
        ) as attempt_recency,
        row_number() over (
            partition by vendor, resource
            order by
                case when status in ('ok', 'partial') then 0 else 1 end,
                {{ row_place('started_at') }} desc
        ) as success_recency
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
            where success_recency = 1 and status in ('ok', 'partial')
        ) as last_success_at
    from runs
    group by vendor, resource
)

select * from final
