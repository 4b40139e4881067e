{{ config(
    materialized='incremental',
    unique_key='result_id'
) }}

with

versions as (
    {{ record_versions(
        'hirednow', 'detailed_results', ['id'], only_news=true
    ) }}
),

final as (
    select
        id as result_id,
        campaign_id,
        {{ safe_cast('order_index', 'bigint') }} as order_index,
        report,
        _seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions
    from versions
    where _is_current
)

select * from final
