-- The records about persons that this build reads: those with a row in a new
-- load; in a full build, all.
{{ config(materialized='table') }}

with

records as (
    {% for vendor in ['easir', 'talkpush', 'linkup', 'hirednow'] %}
    select * from {{ ref('int_person_records__' ~ vendor) }}
    where is_current
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ row_numbers() }} as record_number,
        vendor || ':' || record_id as record_key,
        {{ record_columns() | join(', ') }}
    from records
)

select * from final
