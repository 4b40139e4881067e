-- The status that a record has now, if it means a stage, is an event of it.
with

statuses as (
    select * from {{ ref('int_staged_records') }}
    where vendor <> 'easir'
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
