{# A row's place in an order, as one number. What is first or last of a group is
   then found in one pass (min_by, max_by), where a window sorts all rows, and
   where a row of columns, kept for each group, would have to fit in memory.

   It goes by an instant (an unknown one comes before all others), then by small
   integers (SQL, and below which power of two they are), then by chance, though
   always the same: by a digest of columns. #}
{% macro place_number(instant, by_chance, then_by=[]) -%}
    {{ return(
        adapter.dispatch('place_number')(instant, by_chance, then_by)
    ) }}
{%- endmacro %}

{% macro default__place_number(instant, by_chance, then_by) -%}
    {%- set number = namespace(
        sql='cast(coalesce(epoch_us(' ~ instant
            ~ '), -4611686018427387904) as hugeint)'
    ) -%}
    {%- for integer, limit in then_by -%}
        {%- set number.sql = '(' ~ number.sql ~ ' * ' ~ limit
            ~ ' + least(' ~ integer ~ ', ' ~ (limit - 1) ~ '))' -%}
    {%- endfor -%}
    {{ number.sql }} * 1099511627776 + ({{ digest(by_chance) }} >> 24)
{%- endmacro %}

{% macro spark__place_number(instant, by_chance, then_by) -%}
    struct(
        coalesce(unix_micros({{ instant }}), -4611686018427387904),
        {% for integer, limit in then_by %}
        least({{ integer }}, {{ limit - 1 }}),
        {% endfor %}
        {{ digest(by_chance) }}
    )
{%- endmacro %}


{# A number that stands for a text, for builds alone: they find a table's rows by
   it, for a scan of numbers is several times cheaper than one of texts. Two
   texts may share one; then more rows are found, and whoever looks for them
   makes them all anew. It follows from the engine's version, as a build does. #}
{% macro text_number(text) -%}
    {{ return(adapter.dispatch('text_number')(text)) }}
{%- endmacro %}

{% macro default__text_number(text) -%}
    cast({{ digest([text]) }} >> 1 as bigint)
{%- endmacro %}

{% macro spark__text_number(text) -%} {{ digest([text]) }} {%- endmacro %}


{# A number that is equal where some columns are. #}
{% macro digest(columns) -%}
    {{ return(adapter.dispatch('digest')(columns | join(', '))) }}
{%- endmacro %}

{% macro default__digest(columns) -%} hash({{ columns }}) {%- endmacro %}

{% macro spark__digest(columns) -%} xxhash64({{ columns }}) {%- endmacro %}
