{# An instant from a text that is a time of a zone (a column with its name), or
   null; a text that names its own offset is taken by that. #}
{% macro wall_clock(text, zone) -%}
    case
        when {{ text }} like '____-__-__ __:__:__'
            then {{ in_zone(safe_cast(text, 'timestamp'), zone) }}
        else {{ safe_timestamp(text) }}
    end
{%- endmacro %}


{# The instant at which the clocks of a zone show a time. #}
{% macro in_zone(time, zone) -%}
    {{ return(adapter.dispatch('in_zone')(time, zone)) }}
{%- endmacro %}

{% macro default__in_zone(time, zone) -%}
    {{ time }} at time zone {{ zone }}
{%- endmacro %}

{% macro spark__in_zone(time, zone) -%}
    to_utc_timestamp({{ time }}, {{ zone }})
{%- endmacro %}
