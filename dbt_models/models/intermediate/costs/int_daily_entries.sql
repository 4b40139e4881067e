-- People who became leads, or were hired, in a hiring campaign on a day.
with

journeys as (
    select * from {{ ref('fct_journeys') }}
),

entries as (
    {% for stage in ['lead', 'hired'] %}
    select
        hiring_campaign,
        {{ utc_date(stage ~ '_at') }} as entry_date,
        '{{ stage }}' as stage
    from journeys
    where {{ stage }}_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        hiring_campaign,
        entry_date,
        count(*) filter (where stage = 'lead') as leads,
        count(*) filter (where stage = 'hired') as hires
    from entries
    group by hiring_campaign, entry_date
)

select * from final
