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
    {% for stage in ordered_stages() %}
    {{ stage }}_at,
    {% endfor %}
    hiring_campaign,
    source,
    furthest_stage,
    has_verdict,
    is_open,
    first_event_at,
    {{ counted }} as counted
from {{ side }}
{{ 'union all' if not loop.last }}
{% endfor %}
