-- A record's changes of stage, as its versions show them, if it has several. A
-- status without a stage stands for itself: its stage is null.
{{ config(
    materialized='incremental',
    unique_key='record_key',
    meta={'touched': 'int_person_records_unioned'}
) }}

-- depends_on: {{ ref('int_person_records_unioned') }}
with

versions as (
    select * from {{ ref('int_status_versions') }}
),

status_map as (
    select * from {{ ref('int_status_map') }}
),

staged as (
    select
        versions.*,
        status_map.stage,
        coalesce(status_map.stage, 'status:' || versions.status_key)
            as stage_or_status
    from versions
    left join status_map
        on
            versions.vendor = status_map.vendor
            and versions.status_key = status_map.status_key
),

changes as (
    select
        *,
        lag(stage_or_status, 1, '') over (
            partition by vendor, record_id order by version_number
        ) as previous_stage_or_status
    from staged
),

final as (
    select
        vendor || ':' || record_id as record_key,
        vendor,
        vendor_status,
        status_key,
        stage,
        coalesce(stage = own_stage, false) as is_own_stage,
        row_number() over (
            partition by vendor, record_id order by version_number
        ) as entry_number,
        row_number() over (
            partition by vendor, record_id, stage_or_status
            order by version_number
        ) as stage_entry_number,
        occurred_at,
        time_precision,
        seen_at
    from changes
    where stage_or_status <> previous_stage_or_status
)

select * from final
