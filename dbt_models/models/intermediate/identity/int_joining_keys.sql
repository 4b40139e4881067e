-- Keys that tie a record to others: not blocked, and shared.
{{ config(materialized='table') }}

with

keys as (
    select * from {{ ref('int_identity_keys') }}
),

blocked as (
    select * from {{ ref('int_blocked_keys') }}
),

open_keys as (
    select
        keys.record_key,
        keys.key_type,
        keys.key_value,
        min(keys.record_key) over (
            partition by keys.key_type, keys.key_value
        ) as hub_record_key,
        count(*) over (
            partition by keys.key_type, keys.key_value
        ) as count_records
    from keys
    left join blocked
        on
            keys.key_type = blocked.key_type
            and keys.key_value = blocked.key_value
    where blocked.key_value is null
),

final as (
    select *
    from open_keys
    where count_records > 1
)

select * from final
