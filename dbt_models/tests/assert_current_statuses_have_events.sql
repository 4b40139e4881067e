-- The status that a record has now, if it means a stage, is an event of it.
{%- set records = ref('int_records_to_resolve') %}
with

statuses as (
    select
        'talkpush' as vendor,
        lead_id as record_id,
        vendor_status
    from {{ ref('stg_talkpush__leads') }}
    {{ where_record_touched('lead_id', 'talkpush', records) }}
    union all
    select
        'linkup' as vendor,
        application_key as record_id,
        rating as vendor_status
    from {{ ref('stg_linkup__candidates') }}
    {{ where_record_touched('application_key', 'linkup', records) }}
    union all
    select
        'hirednow' as vendor,
        result_id as record_id,
        recommendation_status as vendor_status
    from {{ ref('stg_hirednow__results') }}
    {{ where_record_touched('result_id', 'hirednow', records) }}
),

events as (
    select * from {{ touched_rows(ref('fct_funnel_events')) }}
),

expected as (
    select
        statuses.vendor,
        statuses.record_id,
        status_map.stage
    from statuses
    inner join {{ ref('int_status_map') }} as status_map
        on
            statuses.vendor = status_map.vendor
            and {{ status_key('statuses.vendor_status') }}
            = status_map.status_key
    where status_map.stage is not null
)

select expected.*
from expected
left join events
    on
        expected.vendor = events.vendor
        and expected.record_id = events.record_id
        and expected.stage = events.stage
where events.event_id is null
