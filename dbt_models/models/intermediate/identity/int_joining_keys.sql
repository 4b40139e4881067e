-- Keys that tie a record to others: not blocked, and shared.
{{ config(materialized='table') }}

{%- set affected = ref('int_records_to_resolve') %}
{%- set all_keys = ref('int_identity_keys') %}

with

keys as (
    {% if is_news_build() %}
    {{ identity_keys_of(affected) }}
    {% else %}
    select * from {{ all_keys }}
    {% endif %}
),

blocked as (
    select * from {{ ref('int_blocked_keys') }}
),

open_keys as (
    select
        keys.record_key,
        keys.key_type,
        min(keys.record_key) over (
            partition by keys.identity_key
        ) as hub_record_key,
        count(*) over (
            partition by keys.identity_key
        ) as count_records
    from keys
    left join blocked
        on keys.identity_key = blocked.identity_key
    where blocked.identity_key is null
),

final as (
    select *
    from open_keys
    where count_records > 1
)

select * from final
