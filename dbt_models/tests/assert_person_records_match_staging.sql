-- Every current record about a person is in person_records, once; none else.
with

both_sides as (
    select
        vendor,
        record_id,
        1 as in_staging,
        0 as in_mart
    from {{ ref('int_staged_records') }}
    union all
    select
        vendor,
        record_id,
        0 as in_staging,
        1 as in_mart
    from {{ touched_rows(ref('person_records')) }}
)

select
    vendor,
    record_id
from both_sides
group by vendor, record_id
having sum(in_staging) <> 1 or sum(in_mart) <> 1
