{# Connected components of a graph, one table a round.

   The model's SQL gives the edges (node_a, node_b); the table that comes out
   has one row a node of an edge: node, component (some node of the same
   component). Each round every node picks, of itself and its neighbours, the
   one with the smallest hash of that round; the picks become the nodes of the
   next round's smaller graph, until it has no edges. Half of the nodes go in a
   round, give or take, whatever the shape: a long chain needs a dozen rounds.
   The first round picks the smallest node itself, which is cheaper and ends
   every star whose hub is its smallest node: nearly all people are one.
   Rounds are tables, not one recursive query, so any engine can run them. #}
{% materialization contraction, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set old_relation = load_cached_relation(this) -%}
    {%- set max_rounds = config.get('max_rounds', 60) -%}
    {%- set state = namespace(round=0, edges=1) -%}

    {{ run_hooks(pre_hooks) }}

    {%- do contraction_table(
        'edges_0', contraction_symmetric_edges(sql), 'main'
    ) -%}
    {%- do contraction_table(
        'labels_0', contraction_first_labels(contraction_relation('edges_0'))
    ) -%}

    {%- for round in range(1, max_rounds + 2) if state.edges > 0 -%}
        {%- set edges = contraction_relation('edges_' ~ (round - 1)) -%}
        {%- set labels = contraction_relation('labels_' ~ (round - 1)) -%}
        {%- set picks = contraction_relation('picks_' ~ round) -%}
        {%- set state.edges = contraction_count(edges) -%}
        {%- if state.edges > 0 and round > max_rounds -%}
            {%- do exceptions.raise_compiler_error(
                this ~ ': ' ~ state.edges ~ ' edges are left after '
                ~ max_rounds ~ ' rounds'
            ) -%}
        {%- elif state.edges > 0 -%}
            {%- do contraction_table(
                'picks_' ~ round, contraction_picks(edges, round)
            ) -%}
            {%- do contraction_table(
                'labels_' ~ round, contraction_labels(labels, picks)
            ) -%}
            {%- do contraction_table(
                'edges_' ~ round, contraction_edges(edges, picks)
            ) -%}
            {%- set state.round = round -%}
        {%- endif -%}
    {%- endfor -%}

    {%- if old_relation is not none -%}
        {%- do adapter.drop_relation(old_relation) -%}
    {%- endif -%}
    {%- call statement('components') -%}
        {{ create_table_as(
            False,
            target_relation,
            'select node, label as component from '
            ~ contraction_relation('labels_' ~ state.round)
        ) }}
    {%- endcall -%}

    {%- for round in range(state.round + 1) -%}
        {%- for name in ['edges_', 'labels_', 'picks_'] -%}
            {%- do adapter.drop_relation(contraction_relation(name ~ round)) -%}
        {%- endfor -%}
    {%- endfor -%}

    {{ run_hooks(post_hooks) }}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# The relation of one round's table. #}
{% macro contraction_relation(name) -%}
    {{ return(api.Relation.create(
        database=this.database,
        schema=this.schema,
        identifier=this.identifier ~ '__' ~ name,
        type='table'
    )) }}
{%- endmacro %}


{% macro contraction_table(name, query, statement_name=none) -%}
    {%- set relation = contraction_relation(name) -%}
    {%- do adapter.drop_relation(relation) -%}
    {%- call statement(statement_name or name) -%}
        {{ create_table_as(False, relation, query) }}
    {%- endcall -%}
{%- endmacro %}


{% macro contraction_count(relation) -%}
    {%- call statement('contraction_count', fetch_result=True) -%}
        select count(*) from {{ relation }} where node_a <> node_b
    {%- endcall -%}
    {{ return(load_result('contraction_count')['data'][0][0] | int) }}
{%- endmacro %}


{# Each edge in both directions, so that a node's neighbours are one group. #}
{% macro contraction_symmetric_edges(query) -%}
    with given as (
        {{ query }}
    )

    select node_a, node_b
    from given
    union
    select node_b as node_a, node_a as node_b
    from given
{%- endmacro %}


{% macro contraction_first_labels(edges) -%}
    select distinct node_a as node, node_a as label
    from {{ edges }}
{%- endmacro %}


{% macro contraction_picks(edges, round) -%}
    with neighbours as (
        select node_a as node, node_b as neighbour
        from {{ edges }}
        where node_a <> node_b
        union all
        select distinct node_a as node, node_a as neighbour
        from {{ edges }}
        where node_a <> node_b
    )

    select
        node,
        {% if round == 1 %}
        min(neighbour) as label
        {% else %}
        min_by(
            neighbour, {{ digest(['neighbour', round]) }}
        ) as label
        {% endif %}
    from neighbours
    group by node
{%- endmacro %}


{# A label without edges is a finished component: it stays. #}
{% macro contraction_labels(labels, picks) -%}
    select labels.node, coalesce(picks.label, labels.label) as label
    from {{ labels }} as labels
    left join {{ picks }} as picks
        on labels.label = picks.node
{%- endmacro %}


{# Loops are left in, for the next statement to pass over: as a condition here,
   a planner that knows nothing of the new tables may join the picks on it. #}
{% macro contraction_edges(edges, picks) -%}
    select distinct picks_a.label as node_a, picks_b.label as node_b
    from {{ edges }} as edges
    inner join {{ picks }} as picks_a
        on edges.node_a = picks_a.node
    inner join {{ picks }} as picks_b
        on edges.node_b = picks_b.node
    where edges.node_a <> edges.node_b
{%- endmacro %}
