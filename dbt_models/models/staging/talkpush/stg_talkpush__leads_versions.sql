{{ config(
    materialized='incremental',
    unique_key='key_hash'
) }}

with

versions as (
    {{ record_versions(
        'talkpush', 'leads', ['id'], then_by='updated_at', only_news=true
    ) }}
),

final as (
    select
        cast(id as {{ dbt.type_string() }}) as lead_id,
        cast(candidate_id as {{ dbt.type_string() }}) as candidate_id,
        cast(campaign_id as {{ dbt.type_string() }}) as campaign_id,
        {{ clean_text('campaign_title') }} as campaign_name,
        campaign_ats_external_id,
        coalesce(
            {{ clean_text('state') }}, {{ clean_text('folder') }}
        ) as vendor_status,
        state,
        folder,
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        {{ clean_text(
            "coalesce(first_name, '') || ' ' || coalesce(last_name, '')"
        ) }} as full_name,
        {{ clean_text('email') }} as email,
        {{ clean_text('user_phone_number') }} as phone,
        {{ phone_e164('user_phone_number') }} as phone_e164,
        {{ linkedin_id_in('others') }} as linkedin_public_id,
        school_name,
        education,
        {{ clean_text('source') }} as lead_source,
        scheduled_at,
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
