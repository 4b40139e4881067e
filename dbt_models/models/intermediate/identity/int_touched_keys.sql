-- In a build of news: every key that a touched record has or had. Only these
-- can have gained or lost a holder or a name.
{{ config(materialized='table') }}

{%- set blocked_before = last_built('intermediate', 'int_blocked_keys') %}

with

records_now as (
    select * from {{ ref('int_person_records_unioned') }}
    where {{ is_news_build() | lower }}
),

records_before as (
    select * from {{ ref('int_records_before') }}
),

keys as (
    select
        key_type,
        key_value
    from ({{ identity_keys_of('records_now', ['record_key']) }}) as keys_now
    union
    select
        key_type,
        key_value
    from (
        {{ identity_keys_of('records_before', ['record_key']) }}
    ) as keys_before
),

identified as (
    select
        key_type || ':' || key_value as identity_key,
        key_type,
        key_value
    from keys
),

final as (
    select
        *,
        {% if is_news_build() %}
        identity_key in (select identity_key from {{ blocked_before }})
        {% else %}
        false
        {% endif %}
            as was_blocked
    from identified
)

select * from final
