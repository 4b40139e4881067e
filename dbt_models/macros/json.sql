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


{# A JSON list of {name, value} as a list whose values are texts: a choice is
   {id, value}, the rest is plain. Parsed once, then asked by json_field. #}
{% macro json_fields(column) -%}
    {{ return(adapter.dispatch('json_fields')(column)) }}
{%- endmacro %}

{% macro default__json_fields(column) -%}
    list_transform(
        from_json({{ column }}, '[{"name": "VARCHAR", "value": "JSON"}]'),
        lambda field: struct_pack(name := field.name, value := coalesce(
            json_extract_string(field.value, '$.value'),
            case
                when json_type(field.value) <> 'OBJECT'
                    then json_extract_string(field.value, '$')
            end
        ))
    )
{%- endmacro %}

{% macro spark__json_fields(column) -%}
    transform(
        from_json({{ column }}, 'array<struct<name:string,value:string>>'),
        field -> struct(field.name as name, coalesce(
            get_json_object(field.value, '$.value'),
            case
                when substr(field.value, 1, 1) <> '{' then field.value
            end
        ) as value)
    )
{%- endmacro %}


{# The value of the first of json_fields' fields with a name, or null. #}
{% macro json_field(fields, name) -%}
    {{ return(adapter.dispatch('json_field')(fields, name)) }}
{%- endmacro %}

{% macro default__json_field(fields, name) -%}
    list_filter({{ fields }}, lambda field: field.name = '{{ name }}')[1].value
{%- endmacro %}

{% macro spark__json_field(fields, name) -%}
    try_element_at(
        filter({{ fields }}, field -> field.name = '{{ name }}'), 1
    ).value
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
