{# The text at a path of names in a JSON column; JSON null is null. #}
{% macro json_text(column, path) -%}
    {{ return(adapter.dispatch('json_text')(column, path)) }}
{%- endmacro %}

{% macro default__json_text(column, path) -%}
    json_extract_string({{ column }}, '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '$.{{ path | join(".") }}')
{%- endmacro %}


{# A JSON list of {name, value} as a map from name to the value's text: a
   choice is {id, value}, the rest is plain. The first of two fields of one
   name counts. #}
{% macro json_fields_map(column) -%}
    {{ return(adapter.dispatch('json_fields_map')(column)) }}
{%- endmacro %}

{% macro default__json_fields_map(column) -%}
    map_from_entries(list_transform(
        list_filter(
            from_json({{ column }}, '[{"name": "VARCHAR", "value": "JSON"}]'),
            lambda field, position: field.name is not null
            and position = list_position(
                json_extract_string({{ column }}, '$[*].name'), field.name
            )
        ),
        lambda field: row(field.name, coalesce(
            json_extract_string(field.value, '$.value'),
            case
                when json_type(field.value) <> 'OBJECT'
                    then json_extract_string(field.value, '$')
            end
        ))
    ))
{%- endmacro %}

{% macro spark__json_fields_map(column) -%}
    map_from_entries(transform(
        filter(
            from_json({{ column }}, 'array<struct<name:string,value:string>>'),
            (field, position) -> field.name is not null
            and position + 1 = array_position(
                from_json({{ column }}, 'array<struct<name:string>>').name,
                field.name
            )
        ),
        field -> struct(field.name, coalesce(
            get_json_object(field.value, '$.value'),
            case
                when substr(field.value, 1, 1) <> '{' then field.value
            end
        ))
    ))
{%- endmacro %}


{# true, false or (empty, absent, anything else) null. #}
{% macro json_bool(column, path) -%}
    case lower({{ json_text(column, path) }})
        when 'true' then true
        when '1' then true
        when 'false' then false
        when '0' then false
    end
{%- endmacro %}
