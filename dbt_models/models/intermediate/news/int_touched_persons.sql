-- In a build of news: the persons whose rows are computed anew, among them
-- persons that are no more, because they became part of others.
{{ config(materialized='table') }}

{%- set before = ref('int_affected_records') %}
{%- set now = ref('int_record_persons') %}

select person_id from {{ now }}
where {{ is_news_build() | lower }}
{% if is_news_build() %}
union
select person_id from {{ before }}
{% endif %}
