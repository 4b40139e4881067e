with

versions as (
    {{ record_versions('linkup', 'jobs', ['job_id']) }}
),

final as (
    select
        job_id,
        {{ clean_text('title') }} as job_title,
        {{ clean_text('location') }} as location,
        {{ clean_text('state') }} as job_state,
        _is_missing as is_deleted,
        _first_missing_at as first_missing_at,
        _last_seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions
    from versions
    where _is_current
)

select * from final
