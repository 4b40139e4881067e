-- dim_person has the people of person_records, with as many records.
with

people as (
    select * from {{ touched_rows(ref('dim_person')) }}
),

by_vendor as (
    select
        person_id,
        vendor,
        count(*) as record_count
    from {{ touched_rows(ref('person_records')) }}
    group by person_id, vendor
),

counted as (
    select
        person_id,
        sum(record_count) as record_count,
        count(*) as vendor_count
    from by_vendor
    group by person_id
)

select coalesce(people.person_id, counted.person_id) as person_id
from people
full outer join counted
    on people.person_id = counted.person_id
where
    people.record_count is distinct from counted.record_count
    or people.vendor_count is distinct from counted.vendor_count
