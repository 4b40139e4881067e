with

versions as (
    select * from {{ ref('stg_talkpush__leads_versions') }}
)

select
    lead_id,
    candidate_id,
    campaign_id,
    campaign_name,
    campaign_ats_external_id,
    vendor_status,
    state,
    folder,
    first_name,
    last_name,
    full_name,
    email,
    phone,
    phone_e164,
    linkedin_public_id,
    school_name,
    education,
    lead_source,
    scheduled_at,
    created_at,
    updated_at,
    seen_at,
    first_seen_at,
    count_versions,
    load_id
from versions
where is_current
