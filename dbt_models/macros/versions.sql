{# Every version of every record of a raw table, in the order seen.

   Engines that only append hold a row for each re-read, too: rows that equal
   the one seen before them say nothing new and are left out, so A, A, B, A is
   three versions. Ties in the moment seen are decided by `then_by`.
   What is added starts with an underscore, so that no field that a vendor may
   send one day can be taken for it.

   A row that says that a full listing no longer showed the record is a copy of
   the version before it. It has a number as others do, but is not counted: the
   vendor said nothing new. Its `_last_seen_at` is that of the version before.

   Rows of loads that are under way or were broken off do not count yet. With
   `only_news`, a build of news reads only the records that have a row in a new
   load, whenever that row was seen, with all their history, and those whose
   `_key_hash` the SQL of `and_keys` selects. #}
{% macro record_versions(
    vendor, resource, key, then_by=none, only_news=false, and_keys=none
) -%}
    {%- set relation = source('raw_' ~ vendor, resource) -%}
    {%- set loads = ref('int_loads') -%}
    select
        *,
        min(_seen_at) over record as _first_seen_at,
        count(case when not _is_missing then 1 end) over record
            as _count_versions,
        case
            when _is_missing
                then coalesce(lag(_seen_at) over history, _seen_at)
            else _seen_at
        end as _last_seen_at,
        case when _is_missing then _seen_at end as _first_missing_at,
        row_number() over history as _version_number,
        row_number() over history = count(*) over record as _is_current
    from (
        select
            *,
            coalesce(_is_deleted, false) as _is_missing,
            lag(_content_hash) over history as _previous_hash
        from
            {%- if only_news and is_news_build() %}
            {%- set news -%}
            _key_hash in (
                select _key_hash from {{ relation }}
                where _dlt_load_id in (
                    select load_id from {{ loads }}
                    where vendor = '{{ vendor }}' and is_new
                )
                {%- if and_keys %}
                union all
                {{ and_keys }}
                {%- endif %}
            )
            {%- endset %}
            {{ few_rows(relation, [news]) }} as versions_of_news
            {%- else %}
            {{ relation }}
            {%- endif %}
        where
            _dlt_load_id in (
                select load_id from {{ loads }} where vendor = '{{ vendor }}'
            )
        window history as ({{ _history(key, then_by) }})
    ) as stamped
    where _content_hash is distinct from _previous_hash
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
