-- Every record that proves a stage by existing has that one event.
with

records as (
    select * from {{ ref('int_staged_records') }}
),

events as (
    select * from {{ touched_rows(ref('fct_funnel_events')) }}
),

expected as (
    select
        vendor,
        record_id,
        case vendor
            when 'talkpush' then 'lead'
            when 'linkup' then 'applied'
            when 'hirednow' then 'assessed'
        end as stage
    from records
    where vendor <> 'easir'
    union all
    select
        records.vendor,
        records.record_id,
        'contacted' as stage
    from records
    inner join {{ ref('stg_easir__campaigns') }} as campaigns
        on
            records.vendor_campaign_id = campaigns.campaign_id
            and campaigns.sent_at is not null
    where records.vendor = 'easir'
),

both_sides as (
    select
        vendor,
        record_id,
        stage,
        1 as in_staging,
        0 as in_mart
    from expected
    union all
    select
        vendor,
        record_id,
        stage,
        0 as in_staging,
        1 as in_mart
    from events
    where vendor_status is null
)

select
    vendor,
    record_id,
    stage
from both_sides
group by vendor, record_id, stage
having sum(in_staging) <> 1 or sum(in_mart) <> 1
