-- Keys that tie a record to others: not blocked, and shared.
{{ config(materialized='table') }}

with

keys as (
    {{ identity_keys_of(
        touched_or_all(
            ref('int_records_to_resolve'), ref('int_person_records_unioned')
        ),
        ['record_number']
    ) }}
),

blocked as (
    select * from {{ ref('int_blocked_keys') }}
),

shared as (
    select
        key_type,
        key_value,
        min(record_number) as hub_record_number
    from keys
    group by key_type, key_value
    having count(*) > 1
),

open_keys as (
    select shared.*
    from shared
    left join blocked
        on
            shared.key_type = blocked.key_type
            and shared.key_value = blocked.key_value
    where blocked.key_value is null
),

final as (
    select
        keys.record_number,
        keys.key_type,
        open_keys.hub_record_number
    from keys
    inner join open_keys
        on
            keys.key_type = open_keys.key_type
            and keys.key_value = open_keys.key_value
)

select * from final
