{# What a test reads: in a build of news, of a model that keeps rows from build
   to build, only the rows that this build touched. Rows are replaced by key,
   so a doubled, unknown or missing value can only be among these. #}
{% macro get_where_subquery(relation) -%}
    {%- set tested = graph.nodes.get(model.attached_node)
        if execute and model.attached_node else none -%}
    {%- set touched = tested.config.meta.get('touched') if tested else none -%}
    {%- if touched and is_news_build() -%}
        {%- set key = tested.config.unique_key -%}
        {%- set name = 'model.' ~ project_name ~ '.' ~ touched -%}
        {{ return(
            '(select * from ' ~ relation ~ ' where ' ~ key ~ ' in (select '
            ~ key ~ ' from ' ~ graph.nodes[name].relation_name ~ '))'
        ) }}
    {%- endif -%}
    {{ return(default__get_where_subquery(relation)) }}
{%- endmacro %}


{# For a CTE that is named several times: it is read once. Spark has no word
   for it. #}
{% macro read_once() -%}
    {{ return(adapter.dispatch('read_once')()) }}
{%- endmacro %}

{% macro default__read_once() -%} materialized {%- endmacro %}

{% macro spark__read_once() -%} {%- endmacro %}
