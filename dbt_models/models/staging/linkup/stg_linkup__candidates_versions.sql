{{ config(
    materialized='incremental',
    unique_key='key_hash'
) }}

with

versions as (
    {{ record_versions(
        'linkup', 'candidates', ['job_id', 'application_id'],
        only_news=true
    ) }}
),

final as (
    select
        job_id || ':' || application_id as application_key,
        job_id,
        application_id,
        {{ clean_text('rating') }} as rating,
        is_top_choice,
        {{ clean_text('top_choice_message') }} as top_choice_message,
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        coalesce({{ clean_text('full_name') }}, {{ clean_text(
            "coalesce(first_name, '') || ' ' || coalesce(last_name, '')"
        ) }}) as full_name,
        {{ clean_text('headline') }} as headline,
        coalesce(
            lower({{ clean_text('public_identifier') }}),
            {{ linkedin_id_in('profile_url') }}
        ) as linkedin_public_id,
        profile_url,
        {{ clean_text('location') }} as location,
        application_date,
        {{ safe_timestamp('application_date') }} as applied_at,
        _is_missing as is_deleted,
        _first_missing_at as first_missing_at,
        _key_hash as key_hash,
        _last_seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _version_number as version_number,
        _count_versions as count_versions,
        _is_current as is_current,
        _dlt_load_id as load_id
    from versions
)

select * from final
