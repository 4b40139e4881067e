-- No hour of CloserX is lost or doubled, nor a credit or result.
with

staged as (
    select
        campaign_id,
        count(*) as hours,
        sum(credits) as credits,
        sum(results) as results
    from {{ ref('stg_closerx__hourly_metrics') }}
    group by campaign_id
),

mart as (
    select
        vendor_campaign_id,
        count(*) as hours,
        sum(credits) as credits,
        sum(results) as results
    from {{ ref('fct_campaign_hourly') }}
    group by vendor_campaign_id
)

select coalesce(staged.campaign_id, mart.vendor_campaign_id) as campaign_id
from staged
full outer join mart
    on staged.campaign_id = mart.vendor_campaign_id
where
    staged.hours is distinct from mart.hours
    or staged.credits is distinct from mart.credits
    or staged.results is distinct from mart.results
