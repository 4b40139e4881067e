-- In a build of news: the touched records as the last build left them.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}

{% if is_news_build() %}
select * from {{ last_built('marts', 'person_records') }}
where record_key in (select record_key from {{ touched }})
{% else %}
select * from {{ touched }}
where false
{% endif %}
