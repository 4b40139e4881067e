with

versions as (
    select * from {{ ref('stg_linkup__candidates_versions') }}
)

select
    application_key,
    job_id,
    application_id,
    rating,
    is_top_choice,
    top_choice_message,
    first_name,
    last_name,
    full_name,
    headline,
    linkedin_public_id,
    profile_url,
    location,
    application_date,
    applied_at,
    is_deleted,
    first_missing_at,
    seen_at,
    first_seen_at,
    count_versions,
    load_id
from versions
where is_current
