-- The records about persons that this build reads: those with a row in a new
-- load; in a full build, all.
{{ config(materialized='table') }}

with

records as (
    {% for vendor in ['easir', 'talkpush', 'linkup', 'hirednow'] %}
    select * from {{ ref('int_person_records__' ~ vendor) }}
    where is_current
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ row_numbers() }} as record_number,
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
        vendor_status,
        version_count,
        is_deleted,
        first_missing_at
    from records
)

select * from final
