-- In a build of news: the affected records as they stand now.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set affected = ref('int_affected_records') %}
{%- set columns = (['record_key'] + record_columns()) | join(', ') %}

with

records as (
    select {{ columns }} from {{ touched }}
    where {{ is_news_build() | lower }}
    {% if is_news_build() %}
    union all
    select {{ columns }} from {{ affected }}
    where record_key not in (select record_key from {{ touched }})
    {% endif %}
)

select
    {{ row_numbers() }} as record_number,
    records.*
from records
