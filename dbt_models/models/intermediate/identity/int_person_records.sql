-- The records that this build resolves, each with its person: in a build of
-- news the affected ones; the mart person_records holds all.
{{ config(materialized='ephemeral') }}

select
    records.record_key,
    {% for column in record_columns() %}
    records.{{ column }},
    {% endfor %}
    persons.person_number,
    persons.person_id,
    persons.match_rule,
    persons.match_confidence
from {{ touched_or_all(
    ref('int_records_to_resolve'), ref('int_person_records_unioned')
) }} as records
inner join {{ ref('int_record_persons') }} as persons
    on records.record_number = persons.record_number
