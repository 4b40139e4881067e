{{ config(materialized='ephemeral') }}

with

leads as (
    select * from {{ touched_rows(ref('stg_talkpush__leads_versions')) }}
),

final as (
    select
        'talkpush' as vendor,
        lead_id as record_id,
        coalesce(campaign_id, 'unknown') as vendor_campaign_id,
        coalesce(lead_source, 'unknown') as record_source,
        full_name,
        {{ normalised_email('email') }} as email,
        phone_e164,
        cast(null as {{ dbt.type_string() }}) as other_phone_e164,
        linkedin_public_id,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as boolean) as has_email_consent,
        cast(null as {{ type_timestamptz() }}) as email_consent_updated_at,
        created_at as record_created_at,
        updated_at as record_updated_at,
        first_seen_at,
        seen_at as last_seen_at,
        vendor_status,
        count_versions as version_count,
        false as is_deleted,
        cast(null as {{ type_timestamptz() }}) as first_missing_at,
        is_current
    from leads
)

select * from final
