-- In a build of news: the records that hold a touched key now, touched or not,
-- and those that held one when the last build ended, with their persons then.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set touched_keys = ref('int_touched_keys') %}

with

touched_records as (
    select
        *,
        cast(null as bigint) as person_hash,
        true as is_holder_now
    from {{ touched }}
    where {{ is_news_build() | lower }}
),

{% if is_news_build() %}
{%- set before = last_built('marts', 'person_records') %}
{%- set conditions = [] %}
{%- for key_type, column in identity_columns() %}
    {%- do conditions.append(
        column ~ ' in (select key_value from ' ~ touched_keys
        ~ " where key_type = '" ~ key_type ~ "')"
    ) %}
{%- endfor %}

records_before as (
    select
        *,
        record_key not in (select record_key from {{ touched }})
            as is_holder_now
    from {{ few_rows(before, conditions) }} as holders_before
),

keys_before as (
    {{ identity_keys_of('records_before', [
        'record_key', 'full_name', 'person_hash', 'is_holder_now'
    ]) }}
),
{% endif %}

final as (
    {{ identity_keys_of('touched_records', [
        'record_key', 'full_name', 'person_hash', 'is_holder_now'
    ]) }}
    {% if is_news_build() %}
    union all
    select keys_before.*
    from keys_before
    inner join {{ touched_keys }} as touched_keys
        on
            keys_before.key_type = touched_keys.key_type
            and keys_before.key_value = touched_keys.key_value
    {% endif %}
)

select * from final
