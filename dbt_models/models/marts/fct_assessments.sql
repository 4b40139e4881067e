{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
-- depends_on: {{ ref('stg_hirednow__results_versions') }}
{%- set columns = [
    'result_id', 'recommendation_status', 'overall_score', 'cefr',
    'created_at', 'updated_at'
] | join(', ') %}

with

-- Of touched persons, results without news stand as the last build left them.
results as (
    {% if is_news_build() %}
    {%- set news = touched_rows(ref('stg_hirednow__results_versions')) %}
    select {{ columns }} from {{ news }}
    where is_current
    union all
    select {{ columns }} from {{ few_rows(this, [
        'person_hash in (select person_hash from '
        ~ ref('int_touched_persons') ~ ')'
    ]) }} as built
    where result_id not in (select result_id from {{ news }})
    {% else %}
    select {{ columns }} from {{ ref('stg_hirednow__results') }}
    {% endif %}
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
