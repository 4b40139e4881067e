-- One campaign id carries several names: the newest result's name counts.
with

results as (
    select
        coalesce(campaign_id, 'unknown') as campaign_id,
        campaign_name,
        updated_at,
        order_index
    from {{ ref('stg_hirednow__results') }}
),

newest as (
    select
        campaign_id,
        max(updated_at) filter (where campaign_name is not null) as updated_at
    from results
    group by campaign_id
),

names as (
    select
        results.campaign_id,
        results.campaign_name,
        row_number() over (
            partition by results.campaign_id
            order by
                results.order_index desc nulls last,
                results.campaign_name asc
        ) as recency
    from results
    inner join newest
        on
            results.campaign_id = newest.campaign_id
            and results.updated_at is not distinct from newest.updated_at
    where results.campaign_name is not null
),

final as (
    select
        'hirednow' as vendor,
        newest.campaign_id as vendor_campaign_id,
        names.campaign_name,
        'assessment' as channel,
        cast(null as {{ dbt.type_string() }}) as vendor_campaign_status,
        cast(null as {{ type_timestamptz() }}) as sent_at,
        false as is_deleted,
        cast(null as {{ type_timestamptz() }}) as first_missing_at
    from newest
    left join names
        on
            newest.campaign_id = names.campaign_id
            and names.recency = 1
)

select * from final
