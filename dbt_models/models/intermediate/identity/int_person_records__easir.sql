{{ config(materialized='ephemeral') }}

with

recipients as (
    select *
    from {{ touched_rows(ref('stg_easir__campaign_recipients_versions')) }}
),

final as (
    select
        'easir' as vendor,
        recipient_key as record_id,
        campaign_id as vendor_campaign_id,
        'Outreach' as record_source,
        full_name,
        {{ normalised_email('email') }} as email,
        mobile_phone_e164 as phone_e164,
        landline_phone_e164 as other_phone_e164,
        linkedin_public_id,
        coalesce(city || ', ' || country, city, country) as location,
        has_email_consent,
        email_consent_updated_at,
        created_at as record_created_at,
        updated_at as record_updated_at,
        first_seen_at,
        seen_at as last_seen_at,
        vendor_status,
        count_versions as version_count,
        is_deleted,
        first_missing_at,
        is_current
    from recipients
)

select * from final
