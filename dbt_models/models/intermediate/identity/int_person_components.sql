-- Records that keys tie together, directly or through others.
{{ config(materialized='contraction') }}

select distinct
    record_key as node_a,
    hub_record_key as node_b
from {{ ref('int_joining_keys') }}
where record_key <> hub_record_key
