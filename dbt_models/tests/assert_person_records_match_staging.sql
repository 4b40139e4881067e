-- Every current record about a person is in person_records, once; none else.
{%- set records = ref('int_records_to_resolve') %}
with

staged as (
    select
        'easir' as vendor,
        recipient_key as record_id
    from {{ ref('stg_easir__campaign_recipients') }}
    {{ where_record_touched('recipient_key', 'easir', records) }}
    union all
    select
        'talkpush' as vendor,
        lead_id as record_id
    from {{ ref('stg_talkpush__leads') }}
    {{ where_record_touched('lead_id', 'talkpush', records) }}
    union all
    select
        'linkup' as vendor,
        application_key as record_id
    from {{ ref('stg_linkup__candidates') }}
    {{ where_record_touched('application_key', 'linkup', records) }}
    union all
    select
        'hirednow' as vendor,
        result_id as record_id
    from {{ ref('stg_hirednow__results') }}
    {{ where_record_touched('result_id', 'hirednow', records) }}
),

both_sides as (
    select
        vendor,
        record_id,
        1 as in_staging,
        0 as in_mart
    from staged
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
