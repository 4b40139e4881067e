{# What a test reads: in a build of news, of a model that keeps rows from build
   to build, only the rows that this build touched. Rows are replaced by key,
   so a doubled, unknown or missing value can only be among these. #}
{% macro get_where_subquery(relation) -%}
    {%- set rows = touched_rows(relation) if execute else relation -%}
    {{ return(default__get_where_subquery(rows)) }}
{%- endmacro %}
