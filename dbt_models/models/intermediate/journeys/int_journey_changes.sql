-- What counts of journeys gain and lose: in a full build each journey counts
-- one; in one of news, each touched journey counts one as it is now, and one
-- less as it was.
{{ config(materialized='ephemeral') }}

{%- set journeys = ref('fct_journeys') %}
{%- set sides = [(touched_rows(journeys), 1)] %}
{%- if is_news_build() %}
    {%- do sides.append((rows_before(journeys), -1)) %}
{%- endif %}

{% for side, counted in sides %}
select
    {% for column in counted_columns() %}
    {{ column }},
    {% endfor %}
    {{ counted }} as counted
from {{ side }}
{{ 'union all' if not loop.last }}
{% endfor %}
