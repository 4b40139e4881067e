{{ config(
    materialized='incremental',
    unique_key='key_hash'
) }}

with

versions as (
    {{ record_versions(
        'closerx', 'hourly_metrics',
        ['campaign_id', 'date', 'hour', 'hour_occurrence'],
        only_news=true
    ) }}
),

final as (
    select
        {{ dbt.hash(
            "campaign_id || '|' || date || '|' || hour"
            ~ " || '|' || hour_occurrence"
        ) }} as campaign_hour_id,
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
        _key_hash as key_hash,
        _seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions,
        _dlt_load_id as load_id
    from versions
    where _is_current
)

select * from final
