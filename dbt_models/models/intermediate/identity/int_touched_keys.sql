-- In a build of news: every key that a version of a touched record has. Only
-- these can have gained or lost a holder or a name: what the last build took
-- for the record was one of its versions.
--
-- A key ties nobody if it is blocked, before and now. It surely is now if it is
-- listed, or if too many names are left without those of touched records, of
-- which each has had one. The others are loose: their ties may be others now.
{{ config(materialized='table') }}

{%- set blocked_before = last_built('intermediate', 'int_blocked_keys') %}

with

versions as (
    {% for vendor in ['easir', 'talkpush', 'linkup', 'hirednow'] %}
    select
        vendor || ':' || record_id as record_key,
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
    select
        key_type,
        key_value,
        count(distinct record_key) as count_touched
    from (
        {{ identity_keys_of('versions', ['record_key']) }}
    ) as keys_of_versions
    group by key_type, key_value
),

identified as (
    select
        *,
        key_type || ':' || key_value as identity_key
    from keys
),

final as (
    select
        identified.identity_key,
        identified.key_type,
        identified.key_value,
        {% if is_news_build() %}
        coalesce(
            not blocked.is_listed
            and blocked.count_names - identified.count_touched
            <= {{ var('max_names_per_key') }},
            true
        )
        {% else %}
        true
        {% endif %}
            as is_loose
    from identified
    {% if is_news_build() %}
    left join {{ blocked_before }} as blocked
        on identified.identity_key = blocked.identity_key
    {% endif %}
)

select * from final
