{{ config(materialized='table') }}

with

records as (
    select * from {{ ref('int_person_records__easir') }}
    union all
    select * from {{ ref('int_person_records__talkpush') }}
    union all
    select * from {{ ref('int_person_records__linkup') }}
    union all
    select * from {{ ref('int_person_records__hirednow') }}
),

final as (
    select
        vendor || ':' || record_id as record_key,
        vendor,
        record_id,
        vendor_campaign_id,
        record_source,
        full_name,
        email,
        phone_e164,
        other_phone_e164,
        linkedin_public_id,
        location,
        has_email_consent,
        email_consent_updated_at,
        record_created_at,
        record_updated_at,
        first_seen_at,
        last_seen_at,
        {{ normalised_name('full_name') }} as normalised_name
    from records
)

select * from final
