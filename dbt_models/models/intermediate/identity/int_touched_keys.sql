-- In a build of news: every key that a version of a touched record has. Only
-- these can have gained or lost a holder or a name: what the last build took
-- for the record was one of its versions.
{{ config(materialized='table') }}

{%- set blocked_before = last_built('intermediate', 'int_blocked_keys') %}

with

versions as (
    {% for vendor in ['easir', 'talkpush', 'linkup', 'hirednow'] %}
    select
        email,
        phone_e164,
        other_phone_e164,
        linkedin_public_id
    from {{ ref('int_person_records__' ~ vendor) }}
    where {{ is_news_build() | lower }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

keys as (
    select distinct
        key_type,
        key_value
    from (
        {{ identity_keys_of('versions', ['email']) }}
    ) as keys_of_versions
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
