{# The value below which a share of the values lies, interpolated. #}
{% macro quantile(expression, share) -%}
    {{ return(adapter.dispatch('quantile')(expression, share)) }}
{%- endmacro %}

{% macro default__quantile(expression, share) -%}
    quantile_cont({{ expression }}, {{ share }})
{%- endmacro %}

{% macro spark__quantile(expression, share) -%}
    percentile({{ expression }}, {{ share }})
{%- endmacro %}


{# The distinct values, sorted, as one comma-separated text. #}
{% macro comma_list(expression) -%}
    {{ return(adapter.dispatch('comma_list')(expression)) }}
{%- endmacro %}

{% macro default__comma_list(expression) -%}
    array_to_string(list_sort(list(distinct {{ expression }})), ', ')
{%- endmacro %}

{% macro spark__comma_list(expression) -%}
    array_join(sort_array(collect_set({{ expression }})), ', ')
{%- endmacro %}
