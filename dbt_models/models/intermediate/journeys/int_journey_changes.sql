-- What counts of journeys gain and lose: in a full build each journey counts
-- one; in one of news, each touched journey counts one as it is now, and one
-- less as it was.
{{ config(materialized='ephemeral') }}

with

journeys as (
    select
        {% for stage in ordered_stages() %}
        {{ stage }}_at,
        {% endfor %}
        hiring_campaign,
        source,
        furthest_stage,
        has_verdict,
        is_open,
        first_event_at,
        1 as counted
    from {{ touched_rows(ref('fct_journeys')) }}
    {% if is_news_build() %}
    union all
    select
        {% for stage in ordered_stages() %}
        {{ stage }}_at,
        {% endfor %}
        hiring_campaign,
        source,
        furthest_stage,
        has_verdict,
        is_open,
        first_event_at,
        -1 as counted
    from {{ rows_before(ref('fct_journeys')) }}
    {% endif %}
)

select * from journeys
