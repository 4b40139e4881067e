-- In a build of news: every key that a touched record has or had. Only these
-- can have gained or lost a holder or a name.
{{ config(materialized='table') }}

{%- set records = ref('int_person_records_unioned') %}
{%- set blocked_before = last_built('intermediate', 'int_blocked_keys') %}

with

records_now as (
    select * from {{ records }}
    where {{ is_news_build() | lower }}
),

records_before as (
    select * from {{ touched_or_all(
        last_built('marts', 'person_records'), records
    ) }}
    where
        {{ is_news_build() | lower }}
        and record_key in (
            select touched.record_key from {{ records }} as touched
        )
),

keys as (
    select identity_key from ({{ identity_keys_of('records_now') }}) as keys_now
    union
    select identity_key
    from ({{ identity_keys_of('records_before') }}) as keys_before
),

final as (
    select
        identity_key,
        {% if is_news_build() %}
        identity_key in (select identity_key from {{ blocked_before }})
        {% else %}
        false
        {% endif %}
            as was_blocked
    from keys
)

select * from final
