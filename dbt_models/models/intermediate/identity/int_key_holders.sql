-- In a build of news: all records that hold a touched key, touched or not.
{{ config(materialized='table') }}

with

keys as (
    select * from {{ ref('int_identity_keys') }}
    where {{ is_news_build() | lower }}
),

touched_keys as (
    select * from {{ ref('int_touched_keys') }}
),

final as (
    select
        keys.record_key,
        keys.identity_key,
        keys.key_type,
        keys.key_value,
        keys.normalised_name
    from keys
    inner join touched_keys
        on keys.identity_key = touched_keys.identity_key
)

select * from final
