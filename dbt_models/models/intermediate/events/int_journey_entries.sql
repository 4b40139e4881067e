-- What a person's journeys are made of: the events (what a record's existence
-- proves, and its later entries into stages), and the changes of status that
-- are none: to a status without a stage, and back to where the record began.
-- In a build of news, those of the touched persons. Campaigns are numbers here,
-- for they stand in each of these many rows (int_campaigns has the rest).
{{ config(materialized='table') }}

with

stages as (
    select * from {{ ref('int_stages') }}
),

status_map as (
    select * from {{ ref('int_status_map') }}
),

status_entries as (
    select * from {{ ref('int_status_entries') }}
    {{ where_touched('record_key', ref('int_records_to_resolve')) }}
),

-- own_stage is what the record's existence proves, and since when; an
-- outreach that was never sent proves nothing.
records as (
    select
        records.person_number,
        records.person_id,
        records.record_key,
        records.vendor,
        records.record_id,
        records.record_source,
        records.version_count,
        records.last_seen_at,
        records.vendor_status as only_status,
        status_map.stage as only_stage,
        case
            when records.vendor <> 'linkup' then records.record_updated_at
        end as status_updated_at,
        campaigns.campaign_number,
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
    left join status_map
        on
            records.vendor = status_map.vendor
            and {{ status_key('records.vendor_status') }}
            = status_map.status_key
),

-- A record begins, and has its statuses: its only one, or those that its
-- versions show.
sides as (
    select true as is_beginning
    union all
    select false as is_beginning
),

told as (
    select
        records.*,
        sides.is_beginning,
        case
            when not sides.is_beginning and records.version_count > 1
                then records.record_key
        end as versions_of
    from records
    cross join sides
),

entries as (
    select
        told.person_number,
        told.person_id,
        told.record_id,
        told.record_source,
        told.campaign_number,
        told.own_stage_at,
        told.is_beginning,
        case
            when told.is_beginning then told.own_stage
            when told.versions_of is null then told.only_stage
            else status_entries.stage
        end as reached_stage,
        case
            when told.is_beginning then false
            when told.versions_of is null
                then coalesce(told.only_stage = told.own_stage, false)
            else status_entries.is_own_stage
        end as is_back,
        -- which of the record's statuses it is; it begins before all of them
        case
            when told.is_beginning then 0
            else coalesce(status_entries.entry_number, 1)
        end as status_number,
        coalesce(status_entries.stage_entry_number, 1) as stage_number,
        case
            when told.is_beginning then null
            when told.versions_of is null then told.only_status
            else status_entries.vendor_status
        end as vendor_status,
        case
            when told.is_beginning then told.own_stage_at
            when told.versions_of is null
                then coalesce(told.status_updated_at, told.last_seen_at)
            else status_entries.occurred_at
        end as occurred_at,
        case
            when told.is_beginning then told.is_own_stage_exact
            when told.versions_of is not null
                then status_entries.time_precision = 'exact'
            else told.status_updated_at is not null
        end as is_exact
    from told
    left join status_entries
        on told.versions_of = status_entries.record_key
),

-- a record's first status, if it only says that the record exists, adds
-- nothing
kept as (
    select
        *,
        reached_stage is not null and not is_back as is_event
    from entries
    where
        occurred_at is not null
        and (is_beginning or vendor_status is not null)
        and (reached_stage is null or not is_back or status_number > 1)
),

final as (
    select
        kept.is_event,
        kept.person_number,
        kept.person_id,
        kept.record_id,
        kept.record_source,
        kept.campaign_number,
        coalesce(kept.reached_stage, kept.vendor_status) as stage,
        case when kept.is_event then stages.stage_order end as stage_order,
        case
            when kept.is_event then kept.stage_number
            else kept.status_number
        end as entry_number,
        kept.status_number,
        kept.vendor_status,
        kept.occurred_at,
        -- Vendors send records updated before they were created. The event or
        -- status keeps that time; in a person's story it stands where the
        -- record begins.
        case
            when kept.own_stage_at > kept.occurred_at
                then kept.own_stage_at
            else kept.occurred_at
        end as ordered_at,
        kept.is_exact
    from kept
    left join stages
        on kept.reached_stage = stages.stage
)

select * from final
