-- Loads that are complete. New ones are those that no whole build has read:
-- a package extracted on one night may be loaded on a later one, so neither
-- their ids nor their times tell.
{{ config(materialized='table') }}

with

completed as (
    {% for vendor in ['hirednow', 'talkpush', 'linkup', 'closerx', 'easir'] %}
    select
        '{{ vendor }}' as vendor,
        load_id
    from {{ source('raw_' ~ vendor, '_dlt_loads') }}
    where status = 0
    {{ 'union' if not loop.last }}
    {% endfor %}
),

built as (
    select * from {{ source('ops', 'built_loads') }}
    where {{ is_news_build() | lower }}
),

final as (
    select
        completed.vendor,
        completed.load_id,
        built.load_id is null as is_new
    from completed
    left join built
        on
            completed.vendor = built.vendor
            and completed.load_id = built.load_id
)

select * from final
