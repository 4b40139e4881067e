-- Keys of at least one record that join nobody, and why.
-- A table, because it calls the telephone function.
{{ config(
    materialized='incremental',
    unique_key='identity_key',
    meta={'touched': 'int_touched_keys'}
) }}
{%- set touched_keys = ref('int_touched_keys') %}

with

keys as (
    select
        identity_key,
        key_type,
        key_value,
        count(distinct record_key) as count_records,
        count(distinct normalised_name) as count_names
    from {{ touched_or_all(ref('int_key_holders'), ref('int_identity_keys')) }}
    group by identity_key, key_type, key_value
),

listed as (
    select
        case
            when lower(trim(key_type)) like 'phone%' then 'phone'
            when lower(trim(key_type)) like 'linkedin%' then 'linkedin'
            when lower(trim(key_type)) like '%mail%' then 'email'
        end as key_type,
        trim(value) as value,
        coalesce({{ clean_text('reason') }}, 'listed') as reason
    from {{ ref('blocked_keys') }}
),

spellings as (
    select
        key_type,
        lower(value) as key_value,
        reason
    from listed
    union
    select
        key_type,
        {{ phone_e164('value') }} as key_value,
        reason
    from listed
    union
    select
        key_type,
        {{ linkedin_id_in('value') }} as key_value,
        reason
    from listed
),

matched as (
    select
        keys.key_type,
        keys.key_value,
        min(spellings.reason) as reason
    from keys
    inner join spellings
        on
            keys.key_value = spellings.key_value
            and keys.key_type = coalesce(spellings.key_type, keys.key_type)
    group by keys.key_type, keys.key_value
),

final as (
    select
        keys.identity_key,
        keys.key_type,
        keys.key_value,
        keys.count_records,
        keys.count_names,
        coalesce(
            'blocked: ' || matched.reason,
            'shared by ' || keys.count_names || ' names'
        ) as reason
    from keys
    left join matched
        on
            keys.key_type = matched.key_type
            and keys.key_value = matched.key_value
    where
        matched.key_value is not null
        or keys.count_names > {{ var('max_names_per_key') }}
)

select * from final
