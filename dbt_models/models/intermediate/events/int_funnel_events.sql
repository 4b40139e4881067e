{{ config(materialized='table') }}

with

milestones as (
    select * from {{ ref('int_record_milestones') }}
),

status_entries as (
    select * from {{ ref('int_status_entries') }}
),

records as (
    select * from {{ ref('int_person_records') }}
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

entries as (
    select
        vendor,
        record_id,
        stage,
        1 as stage_entry_number,
        cast(null as {{ dbt.type_string() }}) as vendor_status,
        occurred_at,
        time_precision,
        occurred_at as milestone_at
    from milestones
    union all
    select
        vendor,
        record_id,
        stage,
        stage_entry_number,
        vendor_status,
        occurred_at,
        time_precision,
        cast(null as {{ type_timestamptz() }}) as milestone_at
    from status_entries
    where stage is not null and not is_own_stage
),

-- Vendors send records updated before they were created. The event keeps that
-- time; in a person's story it stands where the record begins.
ordered as (
    select
        *,
        greatest(
            occurred_at,
            coalesce(
                max(milestone_at) over (partition by vendor, record_id),
                occurred_at
            )
        ) as ordered_at
    from entries
),

final as (
    select
        {{ dbt.hash(
            "entries.vendor || '|' || entries.record_id || '|'"
            ~ " || entries.stage || '|' || entries.stage_entry_number"
        ) }} as event_id,
        records.person_id,
        entries.vendor,
        entries.record_id,
        records.record_source,
        campaigns.campaign_key,
        campaigns.hiring_campaign,
        entries.stage,
        stages.stage_order,
        entries.stage_entry_number,
        entries.vendor_status,
        entries.occurred_at,
        entries.ordered_at,
        entries.time_precision
    from ordered as entries
    left join records
        on
            entries.vendor = records.vendor
            and entries.record_id = records.record_id
    left join campaigns
        on
            records.vendor = campaigns.vendor
            and records.vendor_campaign_id = campaigns.vendor_campaign_id
    left join stages
        on entries.stage = stages.stage
)

select * from final
