-- How long a journey took from a stage to the next one, if it has both, in this
-- order: few have. In a build of news, those of the touched persons.
{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

journeys as (
    select * from {{ touched_rows(ref('fct_journeys')) }}
),

durations as (
    {% for stage in ordered_stages()[:-1] %}
    {% set next_stage = ordered_stages()[loop.index] %}
    select
        person_hash,
        hiring_campaign,
        '{{ stage }}' as from_stage,
        {{ days_between(stage ~ '_at', next_stage ~ '_at') }} as days
    from journeys
    where {{ next_stage }}_at >= {{ stage }}_at
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from durations
