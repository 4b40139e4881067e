-- In a build of news: the records whose person may be another now, as the last
-- build left them, with all records of the persons they were.
--
-- Why nobody else can be affected: a key's holders, and whether it is blocked,
-- change only for keys that a touched record has or had (int_touched_keys). So
-- a tie between two records appears or goes only among the touched records and
-- the holders of these keys. All their persons before are here, whole: a
-- record that no key tied was a person of its own, named after it; any other
-- is found by the key that tied it. Any other tie that one of these records
-- has was there before, and so binds it to a record of the same person: no tie
-- leads out of this set. A key that is blocked, before and now, ties nobody:
-- its holders stay where they are.
--
-- Persons are found by their numbers. Whoever shares the number of one of
-- them, or of what one may be called now (which is after a record of theirs),
-- is here, too, and so all rows with such a number can be made anew.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set touched_keys = ref('int_touched_keys') %}
{%- set campaigns = ref('int_changed_campaigns') %}
{%- set name_of_record = text_number(dbt.hash('record_key')) %}
{%- set columns = (
    ['person_hash', "vendor || ':' || record_id as record_key"]
    + record_columns()
) | join(', ') %}

{% if is_news_build() %}
{%- set before = last_built('marts', 'person_records') %}

with

persons as (
    select {{ name_of_record }} as person_hash
    from {{ touched }}
    union
    {% for is_holder in in_keys(touched_keys, 'is_loose') %}
    select person_hash from {{ before }}
    where {{ is_holder }}
    union
    {% endfor %}
    select person_hash from {{ before }}
    where campaign_key in (select campaign_key from {{ campaigns }})
),

records as (
    select {{ columns }}
    from {{ few_rows(before, [
        'person_hash in (select person_hash from persons)'
    ]) }} as records_of_persons
),

other_names as (
    select {{ name_of_record }} as person_hash
    from records
    except
    select person_hash from persons
),

final as (
    select * from records
    union all
    select {{ columns }}
    from {{ few_rows(before, [
        'person_hash in (select person_hash from other_names)'
    ]) }} as records_of_names
)

select * from final
{% else %}
select record_key from {{ touched }}
where false
{% endif %}
