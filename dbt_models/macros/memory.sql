{# What a build may hold in memory: what is more goes to disk. Three quarters are
   a place for blocks of the file that is asked of the system once. (In the
   profile, another limit would make dbt parse all again.) #}
{% macro hold_in_memory() -%}
    {{ return(adapter.dispatch('hold_in_memory')()) }}
{%- endmacro %}

{% macro default__hold_in_memory() -%}
    {%- if execute -%}
        set memory_limit = '{{
            env_var('HIREFUNNEL_MEMORY_LIMIT', '') or '4GB'
        }}';
        set block_allocator_memory = '75%'
    {%- endif -%}
{%- endmacro %}

{% macro spark__hold_in_memory() -%} {%- endmacro %}
