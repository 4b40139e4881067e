-- Credits a vendor charged on a day for a hiring campaign.
{{ config(materialized='table') }}

with

hours as (
    select * from {{ ref('fct_campaign_hourly') }}
),

reading as (
    select * from {{ source('ops', 'credits') }}
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

charges as (
    select
        'closerx' as vendor,
        vendor_campaign_id,
        local_date as cost_date,
        cast(credits as double) as credits,
        results
    from hours
    union all
    select
        vendor,
        vendor_campaign_id,
        {{ utc_date('spent_at') }} as cost_date,
        credits,
        cast(null as bigint) as results
    from reading
),

final as (
    select
        charges.cost_date,
        charges.vendor,
        coalesce(
            campaigns.hiring_campaign,
            nullif(charges.vendor_campaign_id, ''),
            '(no campaign)'
        ) as hiring_campaign,
        sum(charges.credits) as credits,
        cast(sum(charges.results) as bigint) as results
    from charges
    left join campaigns
        on
            charges.vendor = campaigns.vendor
            and charges.vendor_campaign_id = campaigns.vendor_campaign_id
    where charges.cost_date is not null
    group by all
)

select * from final
