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

alike as (
    select
        stages_entered,
        furthest_stage,
        is_open,
        has_verdict,
        count(*) as journeys
    from {{ ref('fct_journeys') }}
    group by stages_entered, furthest_stage, is_open, has_verdict
),

expected as (
    select
        {% for stage in ordered_stages() %}
        coalesce(
            sum(case when {{ has_entered(stage) }} then journeys end), 0
        ) as in_{{ stage }},
        {% endfor %}
        coalesce(sum(journeys), 0) as journeys,
        coalesce(sum(
            case
                when
                    is_open
                    and not coalesce(
                        furthest_stage = 'assessed' and has_verdict, false
                    )
                    then journeys
            end
        ), 0) as waiting
    from alike
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
