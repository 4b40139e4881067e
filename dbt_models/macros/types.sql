{# An instant: a time with its zone. #}
{% macro type_timestamptz() -%}
    {{ return(adapter.dispatch('type_timestamptz')()) }}
{%- endmacro %}

{% macro default__type_timestamptz() -%} timestamptz {%- endmacro %}

{% macro spark__type_timestamptz() -%} timestamp {%- endmacro %}


{# The value as another type, or null where it cannot be. #}
{% macro safe_cast(expression, type) -%}
    try_cast({{ expression }} as {{ type }})
{%- endmacro %}


{# An instant from text that starts with an ISO date, or null. #}
{% macro safe_timestamp(text) -%}
    case
        when {{ text }} like '____-__-__%'
            then {{ safe_cast(text, type_timestamptz()) }}
    end
{%- endmacro %}


{# Text without surrounding blanks; empty text says nothing. #}
{% macro clean_text(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}
