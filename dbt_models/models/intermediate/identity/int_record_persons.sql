-- Each record's person, named after the person's oldest record. In a build of
-- news, those of the affected records; the mart person_records holds all.
{{ config(materialized='table') }}

with

records as (
    select * from {{ touched_or_all(
        ref('int_records_to_resolve'), ref('int_person_records_unioned')
    ) }}
),

components as (
    select * from {{ ref('int_person_components') }}
),

matches as (
    select * from {{ ref('int_person_matches') }}
),

-- Of records of one age the first by name: vendor:record_id. A record whose age
-- nobody tells counts from the day on which it was first seen: which page of
-- that day it was on says nothing.
names as (
    select
        components.component as person_number,
        {{ dbt.hash(
            "min_by(records.record_key, (coalesce(records.record_created_at, "
            ~ dbt.date_trunc('day', 'records.first_seen_at')
            ~ "), records.record_key))"
        ) }} as person_id
    from components
    inner join records
        on components.node = records.record_number
    group by components.component
),

final as (
    select
        records.record_number,
        coalesce(components.component, records.record_number)
            as person_number,
        coalesce(names.person_id, {{ dbt.hash('records.record_key') }})
            as person_id,
        coalesce(matches.match_rule, 'single') as match_rule,
        coalesce(matches.match_confidence, 1.0) as match_confidence
    from records
    left join components
        on records.record_number = components.node
    left join names
        on components.component = names.person_number
    left join matches
        on records.record_number = matches.record_number
)

select * from final
