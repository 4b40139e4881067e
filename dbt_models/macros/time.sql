{# The moment of the latest run: the only "now" that models know. #}
{% macro run_moment() -%}
    (select max_by(as_of, {{ row_place('started_at') }})
    from {{ source('ops', 'runs') }})
{%- endmacro %}


{# A row's place among those of a table of the conductor's, in the order in which
   they were written: clocks go back. Other engines have only the time. #}
{% macro row_place(time_column) -%}
    {{ return(adapter.dispatch('row_place')(time_column)) }}
{%- endmacro %}

{% macro default__row_place(time_column) -%} rowid {%- endmacro %}

{% macro spark__row_place(time_column) -%} {{ time_column }} {%- endmacro %}


{# Days from one instant to another, with their fraction. #}
{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between')(earlier, later)) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    ((epoch({{ later }}) - epoch({{ earlier }})) / 86400.0)
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    (
        cast(unix_micros({{ later }}) - unix_micros({{ earlier }}) as double)
        / 86400000000.0
    )
{%- endmacro %}


{# The UTC date of an instant. DuckDB's own cast asks the time zone's calendar
   row by row, and takes twenty times as long. #}
{% macro utc_date(instant) -%}
    {{ return(adapter.dispatch('utc_date')(instant)) }}
{%- endmacro %}

{% macro default__utc_date(instant) -%}
    (date '1970-01-01' + cast(floor(epoch({{ instant }}) / 86400) as integer))
{%- endmacro %}

{% macro spark__utc_date(instant) -%}
    cast({{ instant }} as date)
{%- endmacro %}


{# A configured resource without a success for longer is stale; the same
   setting as the command's own. #}
{% macro stale_after_minutes() -%}
    {{ return(
        ((env_var('HIREFUNNEL_STALE_AFTER_HOURS', '') or '36') | float * 60)
        | int
    ) }}
{%- endmacro %}
