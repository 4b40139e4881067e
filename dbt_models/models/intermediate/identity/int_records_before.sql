-- In a build of news: the keys that the touched records had.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}

select
    record_key,
    email,
    phone_e164,
    other_phone_e164,
    linkedin_public_id
from {{ touched_or_all(last_built('marts', 'person_records'), touched) }}
where
    {{ is_news_build() | lower }}
    and record_key in (select touched.record_key from {{ touched }} as touched)
