with

costs as (
    select * from {{ ref('int_daily_costs') }}
),

entries as (
    select * from {{ ref('int_daily_entries') }}
),

days as (
    select
        hiring_campaign,
        cost_date as day_date,
        0 as leads,
        0 as hires
    from costs
    group by hiring_campaign, cost_date
    union all
    select
        hiring_campaign,
        entry_date as day_date,
        leads,
        hires
    from entries
),

entries_by_day as (
    select
        hiring_campaign,
        day_date,
        sum(leads) as leads,
        sum(hires) as hires,
        sum(sum(leads)) over to_date as cumulative_leads,
        sum(sum(hires)) over to_date as cumulative_hires
    from days
    group by hiring_campaign, day_date
    window to_date as (partition by hiring_campaign order by day_date)
),

totals as (
    select
        costs.cost_date,
        costs.vendor,
        costs.hiring_campaign,
        costs.credits,
        costs.results,
        sum(costs.credits) over (
            partition by costs.vendor, costs.hiring_campaign
            order by costs.cost_date
        ) as cumulative_credits,
        entries_by_day.leads,
        entries_by_day.hires,
        entries_by_day.cumulative_leads,
        entries_by_day.cumulative_hires
    from costs
    left join entries_by_day
        on
            costs.hiring_campaign = entries_by_day.hiring_campaign
            and costs.cost_date = entries_by_day.day_date
),

final as (
    select
        {{ dbt.hash(
            "cost_date || '|' || vendor || '|' || hiring_campaign"
        ) }} as cost_id,
        cost_date,
        vendor,
        hiring_campaign,
        credits,
        results,
        cast(coalesce(leads, 0) as bigint) as leads,
        cast(coalesce(hires, 0) as bigint) as hires,
        credits / nullif(leads, 0) as credits_per_lead,
        credits / nullif(hires, 0) as credits_per_hire,
        cumulative_credits,
        cast(coalesce(cumulative_leads, 0) as bigint) as cumulative_leads,
        cast(coalesce(cumulative_hires, 0) as bigint) as cumulative_hires,
        cumulative_credits / nullif(cumulative_leads, 0)
            as cumulative_credits_per_lead,
        cumulative_credits / nullif(cumulative_hires, 0)
            as cumulative_credits_per_hire
    from totals
)

select * from final
