-- Every record that proves a stage by existing has that one event.
{%- set records = ref('int_records_to_resolve') %}
with

recipients as (
    select * from {{ ref('stg_easir__campaign_recipients') }}
    {{ where_record_touched('recipient_key', 'easir', records) }}
),

events as (
    select * from {{ touched_rows(ref('fct_funnel_events')) }}
),

expected as (
    select
        'talkpush' as vendor,
        lead_id as record_id,
        'lead' as stage
    from {{ ref('stg_talkpush__leads') }}
    {{ where_record_touched('lead_id', 'talkpush', records) }}
    union all
    select
        'linkup' as vendor,
        application_key as record_id,
        'applied' as stage
    from {{ ref('stg_linkup__candidates') }}
    {{ where_record_touched('application_key', 'linkup', records) }}
    union all
    select
        'hirednow' as vendor,
        result_id as record_id,
        'assessed' as stage
    from {{ ref('stg_hirednow__results') }}
    {{ where_record_touched('result_id', 'hirednow', records) }}
    union all
    select
        'easir' as vendor,
        recipients.recipient_key as record_id,
        'contacted' as stage
    from recipients
    inner join {{ ref('stg_easir__campaigns') }} as campaigns
        on
            recipients.campaign_id = campaigns.campaign_id
            and campaigns.sent_at is not null
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
