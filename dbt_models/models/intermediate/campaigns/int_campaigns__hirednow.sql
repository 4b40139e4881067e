-- One campaign id carries several names: the newest result's name counts.
with

results as (
    select
        coalesce(campaign_id, 'unknown') as campaign_id,
        campaign_name,
        row_number() over (
            partition by coalesce(campaign_id, 'unknown')
            order by
                case when campaign_name is null then 1 else 0 end,
                updated_at desc nulls last,
                order_index desc nulls last,
                result_id asc
        ) as recency
    from {{ ref('stg_hirednow__results') }}
),

final as (
    select
        'hirednow' as vendor,
        campaign_id as vendor_campaign_id,
        campaign_name,
        'assessment' as channel,
        cast(null as {{ dbt.type_string() }}) as vendor_campaign_status
    from results
    where recency = 1
)

select * from final
