-- In a build of news: the numbers of the persons whose rows are computed anew,
-- among them persons that are no more, because they became part of others.
{{ config(materialized='table') }}

{%- set before = ref('int_affected_records') %}
{%- set now = ref('int_record_persons') %}

select {{ text_number('person_id') }} as person_hash from {{ now }}
where {{ is_news_build() | lower }}
{% if is_news_build() %}
union
select person_hash from {{ before }}
{% endif %}
