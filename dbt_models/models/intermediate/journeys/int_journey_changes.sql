-- What the reports' counts gain and lose: each journey counts one. In a build of
-- news, each touched journey as it is now counts one more, and as it was one
-- less.
{{ config(materialized='ephemeral') }}

{%- set columns = [
    'hiring_campaign', 'source', 'furthest_stage', 'has_verdict', 'is_open',
    'first_event_at'
] %}
{%- for stage in ordered_stages() %}
    {%- do columns.append(stage ~ '_at') %}
{%- endfor %}
{%- set journeys = ref('fct_journeys') %}

select
    {{ columns | join(', ') }},
    1 as change
from {{ touched_rows(journeys) }}
{% if is_news_build() %}
union all
select
    {{ columns | join(', ') }},
    -1 as change
from {{ rows_before(journeys) }}
{% endif %}
