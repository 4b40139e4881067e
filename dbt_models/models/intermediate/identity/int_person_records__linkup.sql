{{ config(materialized='ephemeral') }}

with

candidates as (
    select * from {{ touched_rows(ref('stg_linkup__candidates_versions')) }}
),

final as (
    select
        'linkup' as vendor,
        application_key as record_id,
        job_id as vendor_campaign_id,
        'LinkedIn' as record_source,
        full_name,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as phone_e164,
        cast(null as {{ dbt.type_string() }}) as other_phone_e164,
        linkedin_public_id,
        location,
        cast(null as boolean) as has_email_consent,
        cast(null as {{ type_timestamptz() }}) as email_consent_updated_at,
        applied_at as record_created_at,
        seen_at as record_updated_at,
        first_seen_at,
        seen_at as last_seen_at,
        rating as vendor_status,
        count_versions as version_count,
        is_deleted,
        first_missing_at,
        is_current
    from candidates
)

select * from final
