with

versions as (
    {{ record_versions(
        source('raw_closerx', 'hourly_metrics'),
        ['campaign_id', 'date', 'hour', 'hour_occurrence']
    ) }}
),

final as (
    select
        campaign_id,
        date as local_date,
        hour,
        hour_occurrence,
        hour_at,
        credit_deductions as credits,
        credit_deductions_change as credits_change,
        campaign_results as results,
        campaign_results_change as results_change,
        is_final,
        _seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions
    from versions
    where _is_current
)

select * from final
