-- The credits of all days are the credits that were charged.
with

charged as (
    select sum(credits) as credits from {{ ref('fct_campaign_hourly') }}
    union all
    select sum(credits) from {{ source('ops', 'credits') }}
    where spent_at is not null
),

reported as (
    select coalesce(sum(credits), 0) as credits from {{ ref('rpt_costs') }}
),

total as (
    select coalesce(sum(credits), 0) as credits from charged
)

select reported.credits
from reported
cross join total
where abs(reported.credits - total.credits) > 0.001
