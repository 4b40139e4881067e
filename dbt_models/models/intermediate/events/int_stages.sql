-- The ordered stages of the funnel.
{% for stage in ordered_stages() %}
select
    cast({{ loop.index }} as bigint) as stage_order,
    '{{ stage }}' as stage
{{ 'union all' if not loop.last }}
{% endfor %}
