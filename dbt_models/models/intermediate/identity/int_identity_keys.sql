{{ config(
    materialized='incremental',
    unique_key='record_key',
    meta={'touched': 'int_person_records_unioned'}
) }}

with

records as (
    select * from {{ ref('int_person_records_unioned') }}
),

final as (
    {{ identity_keys_of('records', 'normalised_name') }}
)

select * from final
