with

jobs as (
    select * from {{ ref('stg_linkup__jobs') }}
),

referred as (
    select job_id
    from {{ ref('stg_linkup__candidates') }}
    union
    select vendor_campaign_id as job_id
    from {{ source('ops', 'credits') }}
    where vendor = 'linkup' and vendor_campaign_id <> ''
),

final as (
    select
        'linkup' as vendor,
        coalesce(jobs.job_id, referred.job_id) as vendor_campaign_id,
        jobs.job_title as campaign_name,
        'linkedin' as channel,
        jobs.job_state as vendor_campaign_status,
        cast(null as {{ type_timestamptz() }}) as sent_at,
        coalesce(jobs.is_deleted, false) as is_deleted,
        jobs.first_missing_at
    from jobs
    full outer join referred
        on jobs.job_id = referred.job_id
)

select * from final
