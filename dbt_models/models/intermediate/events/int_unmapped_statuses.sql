-- The status of a record of one version, if it is mapped to no stage. In a
-- build of news, those of the touched persons' records.
{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

records as (
    select * from {{ touched_rows(ref('person_records')) }}
    where version_count <= 1 and vendor_status is not null
),

status_map as (
    select * from {{ ref('int_status_map') }}
),

final as (
    select
        records.person_hash,
        records.vendor,
        records.vendor_status,
        records.last_seen_at
    from records
    left join status_map
        on
            records.vendor = status_map.vendor
            and {{ status_key('records.vendor_status') }}
            = status_map.status_key
    where status_map.stage is null
)

select * from final
