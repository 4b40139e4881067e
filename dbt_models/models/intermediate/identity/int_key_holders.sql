-- In a build of news: all records that hold a touched key now, touched or not.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set affected = ref('int_affected_records') %}
{%- set touched_keys = ref('int_touched_keys') %}
{%- set columns = ['record_key', 'full_name'] %}

with

touched_records as (
    select * from {{ touched }}
    where {{ is_news_build() | lower }}
),

{% if is_news_build() %}
{%- set before = last_built('marts', 'person_records') %}
keys_of_affected as (
    {{ identity_keys_of(affected, columns) }}
),

-- who holds a key that ties nobody is affected only by chance
records_of_tight_keys as (
    select * from {{ few_rows(before, in_keys(
        touched_keys, 'not is_loose'
    )) }} as holders
),

keys_of_others as (
    {{ identity_keys_of('records_of_tight_keys', columns) }}
),

untouched_keys as (
    select
        keys_of_affected.*,
        true as is_of_loose
    from keys_of_affected
    union all
    select
        keys_of_others.*,
        false as is_of_loose
    from keys_of_others
),
{% endif %}

final as (
    {{ identity_keys_of('touched_records', columns) }}
    {% if is_news_build() %}
    union all
    select
        untouched_keys.key_type,
        untouched_keys.key_value,
        untouched_keys.record_key,
        untouched_keys.full_name
    from untouched_keys
    inner join {{ touched_keys }} as touched_keys
        on
            untouched_keys.key_type = touched_keys.key_type
            and untouched_keys.key_value = touched_keys.key_value
            and untouched_keys.is_of_loose = touched_keys.is_loose
    where
        untouched_keys.record_key not in (select record_key from {{ touched }})
    {% endif %}
)

select * from final
