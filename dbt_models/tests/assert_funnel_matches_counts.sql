-- The funnel counts each journey once a stage (assert_counts_match_journeys has
-- their numbers), and converts at most everyone.
with

expected as (
    {% for stage in ordered_stages() %}
    select
        '{{ stage }}' as stage,
        coalesce(sum(journeys), 0) as people
    from {{ ref('int_journey_counts') }}
    where is_in_{{ stage }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

funnel as (
    select
        stage,
        sum(people) as people,
        max(greatest(
            coalesce(conversion_rate, 0),
            coalesce(reached_conversion_rate, 0)
        )) as highest_rate,
        max(people_from_previous - people) as surplus,
        max(people - people_reached) as unreached
    from {{ ref('rpt_funnel') }}
    group by stage
)

select expected.stage
from expected
left join funnel
    on expected.stage = funnel.stage
where
    expected.people <> coalesce(funnel.people, 0)
    or funnel.highest_rate > 1
    or funnel.surplus > 0
    or funnel.unreached > 0
