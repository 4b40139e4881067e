{# What a test reads: in a build of news, of a model that keeps rows from build
   to build, only the rows that this build touched. Rows are replaced by key,
   so a doubled, unknown or missing value can only be among these. #}
{% macro get_where_subquery(relation) -%}
    {%- set rows = touched_rows(relation) if execute else relation -%}
    {{ return(default__get_where_subquery(rows)) }}
{%- endmacro %}


{# Keeps to the rows of which a test has to look at the texts: where rows alike
   in some columns, found by a number in place of these, meet a condition. There
   are none as long as all is well, and grouping texts takes far longer. #}
{% macro where_alike(rows, columns, condition) -%}
    where {{ digest(columns) }} in (
        select {{ digest(columns) }} from {{ rows }}
        group by {{ digest(columns) }}
        having {{ condition }}
    )
{%- endmacro %}
