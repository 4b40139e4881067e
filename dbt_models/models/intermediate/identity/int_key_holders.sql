-- In a build of news: all records that hold a touched key now, touched or not.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set touched_keys = ref('int_touched_keys') %}
{%- set columns = ['record_key', 'full_name'] %}

with

touched_records as (
    select * from {{ touched }}
    where {{ is_news_build() | lower }}
),

{% if is_news_build() %}
{%- set before = last_built('marts', 'person_records') %}
untouched_keys as (
    {% for key_type, column in identity_columns() %}
    select
        '{{ key_type }}' as key_type,
        {{ column }} as key_value,
        {{ columns | join(', ') }}
    from {{ before }}
    where
        {{ column }} in (
            select key_value from {{ touched_keys }}
            where key_type = '{{ key_type }}'
        )
        and record_key not in (select record_key from {{ touched }})
        {%- if column == 'other_phone_e164' %}
        and {{ column }} is distinct from phone_e164
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),
{% endif %}

final as (
    {{ identity_keys_of('touched_records', columns) }}
    {% if is_news_build() %}
    union all
    select * from untouched_keys
    {% endif %}
)

select * from final
