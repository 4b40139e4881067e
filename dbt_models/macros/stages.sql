{# The funnel's stages in order. Outside the order: rejected, on_hold,
   no_response. #}
{% macro ordered_stages() -%}
    {{ return([
        'contacted', 'lead', 'applied', 'assessed',
        'recommended', 'shortlisted', 'hired'
    ]) }}
{%- endmacro %}


{# A vendor's status as it is compared with the status map. #}
{% macro status_key(status) -%}
    replace(lower(trim({{ status }})), ' ', '_')
{%- endmacro %}
