-- What builds of news add and take away leaves as many as there are.
with

counted as (
    select
        {% for stage in ordered_stages() %}
        sum(case when is_in_{{ stage }} then journeys else 0 end)
            as in_{{ stage }},
        {% endfor %}
        sum(journeys) as journeys,
        sum(case when is_waiting then journeys else 0 end) as waiting
    from {{ ref('int_journey_counts') }}
),

entered as (
    select
        sum(leads) as leads,
        sum(hires) as hires
    from {{ ref('int_daily_entries') }}
),

expected as (
    select
        {% for stage in ordered_stages() %}
        count({{ stage }}_at) as in_{{ stage }},
        {% endfor %}
        count(*) as journeys,
        count(
            case
                when
                    is_open
                    and not coalesce(
                        furthest_stage = 'assessed' and has_verdict, false
                    )
                    then 1
            end
        ) as waiting
    from {{ ref('fct_journeys') }}
)

select
    expected.*,
    counted.journeys as counted_journeys
from expected
cross join counted
cross join entered
where
    expected.journeys <> coalesce(counted.journeys, 0)
    or expected.waiting <> coalesce(counted.waiting, 0)
    {% for stage in ordered_stages() %}
    or expected.in_{{ stage }} <> coalesce(counted.in_{{ stage }}, 0)
    {% endfor %}
    or expected.in_lead <> coalesce(entered.leads, 0)
    or expected.in_hired <> coalesce(entered.hires, 0)
