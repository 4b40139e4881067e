-- Keys of at least one record that join nobody, and why.
-- A table, because it calls the telephone function.
{{ config(
    materialized='incremental',
    unique_key='identity_key',
    meta={'touched': 'int_touched_keys'}
) }}

-- depends_on: {{ ref('int_touched_keys') }}
{%- set holders = ref('int_key_holders') %}
{%- set records = ref('int_person_records_unioned') %}

with

keys as (
    {% if is_news_build() %}
    select * from {{ holders }}
    {% else %}
    {{ identity_keys_of(records, ['full_name']) }}
    {% endif %}
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

listed_keys as (
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

-- only so many records can have so many names
candidates as (
    select
        key_type,
        key_value
    from keys
    group by key_type, key_value
    having count(*) > {{ var('max_names_per_key') }}
    union
    select
        key_type,
        key_value
    from listed_keys
),

counted as (
    select
        keys.key_type,
        keys.key_value,
        count(*) as count_records,
        count(distinct {{ normalised_name('keys.full_name') }}) as count_names
    from keys
    inner join candidates
        on
            keys.key_type = candidates.key_type
            and keys.key_value = candidates.key_value
    group by keys.key_type, keys.key_value
),

final as (
    select
        counted.key_type || ':' || counted.key_value as identity_key,
        counted.key_type,
        counted.key_value,
        counted.count_records,
        counted.count_names,
        listed_keys.key_value is not null as is_listed,
        coalesce(
            'blocked: ' || listed_keys.reason,
            'shared by ' || counted.count_names || ' names'
        ) as reason
    from counted
    left join listed_keys
        on
            counted.key_type = listed_keys.key_type
            and counted.key_value = listed_keys.key_value
    where
        listed_keys.key_value is not null
        or counted.count_names > {{ var('max_names_per_key') }}
)

select * from final
