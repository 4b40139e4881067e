{{ config(
    materialized='incremental',
    unique_key='key_hash'
) }}

with

versions as (
    {{ record_versions(
        'hirednow', 'results', ['id'],
        then_by='updated_at', only_news=true
    ) }}
),

final as (
    select
        id as result_id,
        {{ clean_text('recommendation_status') }} as recommendation_status,
        coalesce(
            {{ json_text('campaign', ['id']) }}, campaign_id
        ) as campaign_id,
        {{ json_text('campaign', ['name']) }} as campaign_name,
        coalesce(
            {{ json_text(adapter.quote('user'), ['id']) }}, user_id
        ) as user_id,
        {{ clean_text(
            json_text(adapter.quote('user'), ['email'])
        ) }} as user_email,
        overall_score,
        upper({{ clean_text(
            json_text('additional_scores', ['cefr', 'score'])
        ) }}) as cefr,
        {{ safe_cast('order_index', 'bigint') }} as order_index,
        created_at,
        updated_at,
        _key_hash as key_hash,
        _seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _version_number as version_number,
        _count_versions as count_versions,
        _is_current as is_current,
        _dlt_load_id as load_id
    from versions
)

select * from final
