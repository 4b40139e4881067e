{{ config(materialized='table') }}

with

records as (
    select * from {{ ref('int_person_records_unioned') }}
),

keys as (
    select
        record_key,
        normalised_name,
        'email' as key_type,
        email as key_value
    from records
    union
    select
        record_key,
        normalised_name,
        'phone' as key_type,
        phone_e164 as key_value
    from records
    union
    select
        record_key,
        normalised_name,
        'phone' as key_type,
        other_phone_e164 as key_value
    from records
    union
    select
        record_key,
        normalised_name,
        'linkedin' as key_type,
        linkedin_public_id as key_value
    from records
),

final as (
    select *
    from keys
    where key_value is not null
)

select * from final
