{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

results as (
    select * from {{ ref('stg_hirednow__results') }}
    {{ where_record_touched(
        'result_id', 'hirednow', ref('int_records_to_resolve')
    ) }}
),

records as (
    select * from {{ ref('int_person_records') }}
    where vendor = 'hirednow'
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
    where vendor = 'hirednow'
),

final as (
    select
        results.result_id,
        records.person_id,
        {{ text_number('records.person_id') }} as person_hash,
        campaigns.campaign_key,
        campaigns.hiring_campaign,
        results.recommendation_status,
        results.overall_score,
        results.cefr,
        results.created_at,
        results.updated_at
    from results
    inner join records
        on results.result_id = records.record_id
    left join campaigns
        on records.vendor_campaign_id = campaigns.vendor_campaign_id
)

select * from final
