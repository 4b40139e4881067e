with

costs as (
    select
        *,
        sum(credits) over (
            partition by vendor, hiring_campaign
            order by cost_date
        ) as cumulative_credits
    from {{ ref('int_daily_costs') }}
),

entries as (
    select * from {{ ref('int_daily_entries') }}
),

totals as (
    select
        costs.cost_date,
        costs.vendor,
        costs.hiring_campaign,
        costs.credits,
        costs.results,
        costs.cumulative_credits,
        sum(entries.leads) as cumulative_leads,
        sum(entries.hires) as cumulative_hires,
        sum(entries.leads) filter (
            where entries.entry_date = costs.cost_date
        ) as leads,
        sum(entries.hires) filter (
            where entries.entry_date = costs.cost_date
        ) as hires
    from costs
    left join entries
        on
            costs.hiring_campaign = entries.hiring_campaign
            and costs.cost_date >= entries.entry_date
    group by all
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
