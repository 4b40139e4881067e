with

versions as (
    select * from {{ ref('stg_easir__campaign_recipients_versions') }}
)

select
    recipient_key,
    campaign_id,
    recipient_id,
    vendor_status,
    is_b2c,
    team_id,
    salutation,
    title,
    first_name,
    last_name,
    full_name,
    email,
    mobile_phone,
    mobile_phone_e164,
    landline_phone,
    landline_phone_e164,
    linkedin_public_id,
    address,
    zip_code,
    city,
    state_region,
    country,
    date_of_birth,
    has_email_consent,
    email_consent_updated_at,
    has_letter_consent,
    letter_consent_updated_at,
    has_call_consent,
    call_consent_updated_at,
    has_sms_consent,
    sms_consent_updated_at,
    latest_activity_at,
    created_at,
    updated_at,
    is_deleted,
    first_missing_at,
    seen_at,
    first_seen_at,
    count_versions,
    load_id
from versions
where is_current
