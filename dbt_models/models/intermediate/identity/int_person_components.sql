-- Records that keys tie together, directly or through others.
{{ config(materialized='contraction') }}

select
    record_number as node_a,
    hub_record_number as node_b
from {{ ref('int_joining_keys') }}
where record_number <> hub_record_number
