with

versions as (
    select * from {{ ref('stg_hirednow__results_versions') }}
)

select
    result_id,
    recommendation_status,
    campaign_id,
    campaign_name,
    user_id,
    user_email,
    overall_score,
    cefr,
    order_index,
    created_at,
    updated_at,
    seen_at,
    first_seen_at,
    count_versions,
    load_id
from versions
where is_current
