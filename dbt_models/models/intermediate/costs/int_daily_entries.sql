-- People who became leads, or were hired, in a hiring campaign on a day. In a
-- build of news, on the days that a touched journey has or had.
{{ config(
    materialized='incremental',
    unique_key='entry_id'
) }}

with

changes as (
    select * from {{ ref('int_journey_changes') }}
),

entries as (
    {% for stage in ['lead', 'hired'] %}
    select
        hiring_campaign,
        {{ utc_date(stage ~ '_at') }} as entry_date,
        {{ 'counted' if stage == 'lead' else '0' }} as leads,
        {{ 'counted' if stage == 'hired' else '0' }} as hires
    from changes
    where {{ stage }}_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

days as (
    select
        hiring_campaign,
        entry_date,
        sum(leads) as leads,
        sum(hires) as hires
    from entries
    group by hiring_campaign, entry_date
),

identified as (
    select
        *,
        {{ dbt.hash("hiring_campaign || '|' || entry_date") }} as entry_id
    from days
),

final as (
    select
        days.entry_id,
        days.hiring_campaign,
        days.entry_date,
        {{ with_last_count('days.leads', 'built.leads') }} as leads,
        {{ with_last_count('days.hires', 'built.hires') }} as hires
    from identified as days
    {{ join_last_built('days.entry_id') }}
)

select * from final
