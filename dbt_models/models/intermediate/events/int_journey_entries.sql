-- What a person's journeys are made of: the events (what a record's existence
-- proves, and its later entries into stages), and the changes of status that
-- are none: to a status without a stage, and back to where the record began.
-- In a build of news, those of the touched persons.
{{ config(materialized='table') }}

with

stages as (
    select * from {{ ref('int_stages') }}
),

-- own_stage is what the record's existence proves, and since when; an
-- outreach that was never sent proves nothing.
records as (
    select
        records.record_key,
        records.person_id,
        records.vendor,
        records.record_id,
        records.record_source,
        campaigns.campaign_key,
        campaigns.hiring_campaign,
        case records.vendor
            when 'easir' then 'contacted'
            when 'talkpush' then 'lead'
            when 'linkup' then 'applied'
            when 'hirednow' then 'assessed'
        end as own_stage,
        case
            when records.vendor <> 'easir' or campaigns.sent_at is not null
                then coalesce(
                    campaigns.sent_at,
                    records.record_created_at,
                    records.first_seen_at
                )
        end as own_stage_at,
        campaigns.sent_at is not null
        or records.record_created_at is not null as is_own_stage_exact
    from {{ ref('int_person_records') }} as records
    left join {{ ref('int_campaigns') }} as campaigns
        on
            records.vendor = campaigns.vendor
            and records.vendor_campaign_id = campaigns.vendor_campaign_id
),

status_entries as (
    select
        *,
        stage is not null and not is_own_stage as is_event
    from {{ ref('int_status_entries') }}
    {{ where_touched('record_key', ref('int_person_records')) }}
),

entries as (
    select
        *,
        true as is_event,
        own_stage as stage,
        cast(1 as bigint) as entry_number,
        cast(null as {{ dbt.type_string() }}) as vendor_status,
        own_stage_at as occurred_at,
        own_stage_at as ordered_at,
        case when is_own_stage_exact then 'exact' else 'observed' end
            as time_precision
    from records
    where own_stage_at is not null
    union all
    select
        records.*,
        status_entries.is_event,
        coalesce(status_entries.stage, status_entries.vendor_status) as stage,
        case
            when status_entries.is_event
                then status_entries.stage_entry_number
            else status_entries.entry_number
        end as entry_number,
        status_entries.vendor_status,
        status_entries.occurred_at,
        -- Vendors send records updated before they were created. The event
        -- keeps that time; in a person's story it stands where the record
        -- begins.
        case
            when
                status_entries.is_event
                and records.own_stage_at > status_entries.occurred_at
                then records.own_stage_at
            else status_entries.occurred_at
        end as ordered_at,
        status_entries.time_precision
    from status_entries
    inner join records
        on status_entries.record_key = records.record_key
    -- a record's first status, if it only says that the record exists, adds
    -- nothing
    where
        status_entries.stage is null
        or not status_entries.is_own_stage
        or status_entries.entry_number > 1
),

final as (
    select
        case when entries.is_event then {{ dbt.hash(
            "entries.vendor || '|' || entries.record_id || '|'"
            ~ " || entries.stage || '|' || entries.entry_number"
        ) }} end as event_id,
        entries.is_event,
        entries.person_id,
        entries.record_key,
        entries.vendor,
        entries.record_id,
        entries.record_source,
        entries.campaign_key,
        entries.hiring_campaign,
        entries.stage,
        case when entries.is_event then stages.stage_order end as stage_order,
        entries.entry_number,
        entries.vendor_status,
        entries.occurred_at,
        entries.ordered_at,
        entries.time_precision
    from entries
    left join stages
        on entries.stage = stages.stage
)

select * from final
