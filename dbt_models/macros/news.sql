{# Whether this build reads only what is new. The conductor says so when the
   last build was whole and nothing that defines its result has changed since;
   dbt started by hand builds everything. #}
{% macro is_news_build() -%}
    {{ return(
        execute
        and not flags.FULL_REFRESH
        and env_var('HIREFUNNEL_BUILD', 'full') == 'news'
    ) }}
{%- endmacro %}


{# dbt's own question, so that is_incremental() and seeds agree. #}
{% macro should_full_refresh() -%}
    {{ return(not is_news_build()) }}
{%- endmacro %}


{# dbt started by hand builds with the seeds and settings that it finds, and maybe
   a part of the models: no build of news can follow on that. The conductor finds
   no build before its next one, and makes it a full one. #}
{% macro end_news_if_by_hand() -%}
    {%- if execute
        and flags.WHICH in ('build', 'run', 'seed')
        and not env_var('HIREFUNNEL_BUILD', '')
    -%}
        {%- set builds = adapter.get_relation(
            database=target.database, schema='ops', identifier='builds'
        ) -%}
        {%- if builds -%}
            {%- call statement('no_builds', auto_begin=true) -%}
                delete from {{ builds }}
            {%- endcall -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# The rows of a model that this build reads: all, or, in a build of news and of
   a model that keeps rows from build to build, those that it has just put
   there. A scan of all its rows for the touched ones would cost more. #}
{% macro touched_rows(relation) -%}
    {%- set node = graph.nodes.get(
        'model.' ~ project_name ~ '.' ~ relation.identifier
    ) if is_news_build() else none -%}
    {{ return(
        slice_of(relation)
        if node and node.config.materialized == 'incremental'
        else relation
    ) }}
{%- endmacro %}


{# Where an incremental model's rows of a build of news stay until the next. #}
{% macro slice_of(relation, name='touched') -%}
    {{ return(api.Relation.create(
        database=relation.database,
        schema='intermediate',
        identifier=relation.identifier ~ '__' ~ name,
        type='table'
    )) }}
{%- endmacro %}


{# The rows that a build of news has taken from such a model, as the build before
   left them: the columns that the model names in `meta.keeps_before`. #}
{% macro rows_before(relation) -%}
    {{ return(slice_of(relation, 'before')) }}
{%- endmacro %}


{# A count is kept from build to build: one of news adds what has changed. #}
{% macro with_last_count(counted, last) -%}
    {%- if is_news_build() -%}
        cast({{ counted }} + coalesce({{ last }}, 0) as bigint)
    {%- else -%}
        cast({{ counted }} as bigint)
    {%- endif -%}
{%- endmacro %}


{# The model itself as the build before left it, as `built`. #}
{% macro join_last_built(key) -%}
    {%- if is_news_build() -%}
        left join {{ this }} as built
            on {{ key }} = built.{{ key.split('.')[-1] }}
    {%- endif -%}
{%- endmacro %}


{# In a build of news, the condition that keeps to the touched rows. #}
{% macro where_touched(column, touched) -%}
    {%- if is_news_build() -%}
        where {{ column }} in (select {{ column }} from {{ touched }})
    {%- endif -%}
{%- endmacro %}


{# What a build reads: the touched rows if it is one of news, else all. #}
{% macro touched_or_all(touched, all) -%}
    {{ return(touched if is_news_build() else all) }}
{%- endmacro %}


{# A mart or table as the build before left it. It is no ref: the model that
   replaces it comes later in the same build. #}
{% macro last_built(schema, name) -%}
    {{ return(api.Relation.create(
        database=target.database, schema=schema, identifier=name
    )) }}
{%- endmacro %}


{# A build of news looks for few rows in long tables: DuckDB's joins then hand
   their numbers down to the scan, which decompresses hardly any others. #}
{% macro look_for_few_rows() -%}
    {{ return(adapter.dispatch('look_for_few_rows')()) }}
{%- endmacro %}

{% macro default__look_for_few_rows() -%}
    {%- if is_news_build() -%}
        set global dynamic_or_filter_threshold = 10000
    {%- endif -%}
{%- endmacro %}

{% macro spark__look_for_few_rows() -%} {%- endmacro %}


{# The few rows of a wide relation that meet one of some conditions, as a
   subquery. DuckDB makes whole rows before it asks which of them join; so it
   finds their row ids first, in scans of the conditions' columns alone. #}
{% macro few_rows(relation, conditions) -%}
    {{ return(adapter.dispatch('few_rows')(relation, conditions)) }}
{%- endmacro %}

{% macro default__few_rows(relation, conditions) -%}
    (
        select * from {{ relation }}
        where rowid in (
            {%- for condition in conditions %}
            select rowid from {{ relation }}
            where {{ condition }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        )
    )
{%- endmacro %}

{% macro spark__few_rows(relation, conditions) -%}
    (
        select * from {{ relation }}
        where ({{ conditions | join(') or (') }})
    )
{%- endmacro %}


{# The incremental strategy `replace`, DuckDB's alone: the rows of the touched
   keys go, the model's rows come. Touched are the keys in the relation that the
   model names in `meta.touched` (rows that nothing replaces go, too), else the
   keys of the rows that come. #}
{% macro get_incremental_replace_sql(arguments) -%}
    {%- set target_relation = arguments['target_relation'] -%}
    {%- set new_rows = arguments['temp_relation'] -%}
    {%- set key = arguments['unique_key'] -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- set columns = arguments['dest_columns']
        | map(attribute='quoted') | join(', ') -%}
    {%- set touched -%}
        {{ key }} in (
            select {{ key }} from {{
                ref(meta.touched) if meta.touched else new_rows
            }}
        )
    {%- endset -%}

    {%- if meta.keeps_before %}
    create or replace table {{ rows_before(target_relation) }} as
    select
        rowid as _row_id,
        {{ meta.keeps_before | join(', ') }}
    from {{ target_relation }}
    where {{ touched }};

    delete from {{ target_relation }}
    where rowid in (
        select _row_id from {{ rows_before(target_relation) }}
    );
    {%- else %}

    delete from {{ target_relation }}
    where {{ touched }};
    {%- endif %}

    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }} from {{ new_rows }}
{%- endmacro %}
