{# dbt-duckdb's table and incremental, with fewer statements: it swaps tables by
   renaming them, asks for their columns again and again, and writes comments
   anew each night. A node then costs more than its query. Here a table is
   dropped and made in one transaction, which nobody sees half done either. #}
{% materialization table, adapter='duckdb' %}
    {{ run_hooks(pre_hooks) }}
    {%- set target_relation = make_table_anew() -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# In a build of news the strategy replaces the touched rows of the table that
   the build before left. Its columns are the model's: a changed project is
   built in full. The new rows stay beside it for the models and tests that
   need no others (macros/news.sql). #}
{% materialization incremental, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set is_kept = load_cached_relation(this) is not none
        and not should_full_refresh() -%}

    {{ run_hooks(pre_hooks) }}
    {%- if is_kept -%}
        {%- set new_rows = slice_of(target_relation) -%}
        {%- set strategy = adapter.get_incremental_strategy_macro(
            context, config.get('incremental_strategy')
        ) -%}
        {%- call statement('new_rows') -%}
            drop table if exists {{ new_rows }};
            {{ create_table_as(False, new_rows, compiled_code) }}
        {%- endcall -%}
        {%- call statement('main') -%}
            {{ strategy({
                'target_relation': target_relation,
                'temp_relation': new_rows,
                'unique_key': config.get('unique_key'),
                'dest_columns':
                    adapter.get_columns_in_relation(target_relation)
            }) }}
        {%- endcall -%}
    {%- else -%}
        {%- do make_table_anew() -%}
        {%- call statement('no_slice') -%}
            drop table if exists {{ slice_of(target_relation) }};
            drop table if exists {{ rows_before(target_relation) }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# The model as a table, whatever was there before. #}
{% macro make_table_anew() -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set old_relation = load_cached_relation(this) -%}
    {%- if old_relation is not none and not old_relation.is_table -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        drop table if exists {{ target_relation }};
        {%- if should_full_refresh() %}
        {{ create_table_of_all_rows(target_relation, compiled_code) }}
        {%- else %}
        {{ create_table_as(False, target_relation, compiled_code) }}
        {%- endif %}
    {%- endcall -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ return(target_relation) }}
{%- endmacro %}


{# dbt's create_table_as, contract and NOT NULLs included, with the compression of
   texts in the columns' definitions (macros/compression.sql). #}
{% macro create_table_of_all_rows(relation, query) -%}
    {%- set definitions = [] -%}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(query) -%}
        {%- set rendered = adapter.render_raw_columns_constraints(
            raw_columns=model['columns']
        ) -%}
        {%- for name in model['columns'] -%}
            {%- do definitions.append((name, rendered[loop.index0])) -%}
        {%- endfor -%}
    {%- else -%}
        {%- for column in get_column_schema_from_query(query) -%}
            {%- do definitions.append(
                (column.name, column.quoted ~ ' ' ~ column.dtype)
            ) -%}
        {%- endfor -%}
    {%- endif -%}

    create table {{ relation }} (
        {%- for name, definition in definitions %}
        {{ definition }} {{ compression_of(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    );
    insert into {{ relation }} by name
    {{ query }}
{%- endmacro %}
