-- In a build of news: the records whose person may be another now, as the last
-- build left them, with all records of the persons they were.
--
-- Why nobody else can be affected: a key's holders, and whether it is blocked,
-- change only for keys that a touched record has or had (int_touched_keys). So
-- a tie between two records appears or goes only among the touched records and
-- the holders of these keys. All their persons before are here, whole; any
-- other tie that one of these records has was there before, and so binds it to
-- a record of the same person: no tie leads out of this set. A key that is
-- blocked, before and now, ties nobody: its holders stay where they are.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set holders = ref('int_key_holders') %}
{%- set touched_keys = ref('int_touched_keys') %}
{%- set blocked = ref('int_blocked_keys') %}
{%- set campaigns = ref('int_changed_campaigns') %}

{% if is_news_build() %}
{%- set before = last_built('marts', 'person_records') %}

with

loose_keys as (
    select
        key_type,
        key_value
    from {{ touched_keys }}
    where
        not was_blocked
        or identity_key not in (select identity_key from {{ blocked }})
),

origins as (
    select record_key from {{ touched }}
    union
    select holders.record_key
    from {{ holders }} as holders
    inner join loose_keys
        on
            holders.key_type = loose_keys.key_type
            and holders.key_value = loose_keys.key_value
),

persons as (
    select person_id from {{ before }}
    where record_key in (select record_key from origins)
    union
    select person_id from {{ before }}
    where campaign_key in (select campaign_key from {{ campaigns }})
)

select * from {{ before }}
where person_id in (select person_id from persons)
{% else %}
select record_key from {{ touched }}
where false
{% endif %}
