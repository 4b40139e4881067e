{# Every version of every record of a raw table, in the order seen.

   Engines that only append hold a row for each re-read, too: rows that equal
   the one seen before them say nothing new and are left out, so A, A, B, A is
   three versions. Ties in the moment seen are decided by `then_by`.
   What is added starts with an underscore, so that no field that a vendor may
   send one day can be taken for it. To read only new loads, filter the source
   to the records with a new _dlt_load_id before this window. #}
{% macro record_versions(relation, key, then_by=none) -%}
    select
        *,
        min(_seen_at) over record as _first_seen_at,
        count(*) over record as _count_versions,
        row_number() over history as _version_number,
        row_number() over history = count(*) over record as _is_current
    from (
        select
            *,
            lag(_content_hash, 1, '') over history as _previous_hash
        from {{ relation }}
        window history as ({{ _history(key, then_by) }})
    ) as stamped
    where _content_hash <> _previous_hash
    window
        record as (partition by {{ key | join(', ') }}),
        history as ({{ _history(key, then_by) }})
{%- endmacro %}

{% macro _history(key, then_by) -%}
    partition by {{ key | join(', ') }}
    order by
        _seen_at nulls first,
        {% if then_by %}{{ then_by }} nulls first,{% endif %}
        _dlt_load_id nulls first,
        _content_hash nulls first
{%- endmacro %}
