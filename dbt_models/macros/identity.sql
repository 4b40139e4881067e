{# A name as it is compared: lower case, no accents, single blanks. #}
{% macro normalised_name(name) -%}
    {{ return(adapter.dispatch('normalised_name')(name)) }}
{%- endmacro %}

{% macro default__normalised_name(name) -%}
    nullif(trim(regexp_replace(
        lower(strip_accents({{ name }})), '\s+', ' ', 'g'
    )), '')
{%- endmacro %}

{% macro spark__normalised_name(name) -%}
    nullif(trim(regexp_replace(
        translate(
            lower({{ name }}),
            'àáâãäåāăąçćčďèéêëēėęěğìíîïīįłñńňòóôõöøōőŕřśšşťùúûüūůűųýÿźżž',
            'aaaaaaaaacccdeeeeeeeegiiiiiilnnnoooooooorrsssstuuuuuuuuyyzzz'
        ),
        '\\s+', ' '
    )), '')
{%- endmacro %}


{# An e-mail as it is compared, or null if it is none. #}
{% macro normalised_email(email) -%}
    case when {{ email }} like '%@%' then lower(trim({{ email }})) end
{%- endmacro %}


{# A telephone number as E.164. On DuckDB the function is a Python one, so a
   model that calls it must be a table: other clients do not have it. #}
{% macro phone_e164(number) -%}
    phone_e164(
        {{ number }},
        '{{ env_var("HIREFUNNEL_PHONE_REGION", "") | replace("'", "") }}'
    )
{%- endmacro %}


{# The public id in the first LinkedIn profile's address of a text or of JSON
   (whose slashes may be escaped), or null. #}
{% macro linkedin_id_in(text) -%}
    nullif(regexp_extract(
        lower(cast({{ text }} as {{ dbt.type_string() }})),
        'linkedin[.]com[\\]*/in[\\]*/([^\\/?#&,"\s]+)',
        1
    ), '')
{%- endmacro %}


{# The keys of records: e-mail, both telephone numbers, LinkedIn id; beside each
   a column of its record, if one is named. #}
{% macro identity_keys_of(records, column_beside=none) -%}
    select
        record_key,
        key_type || ':' || key_value as identity_key,
        key_type,
        key_value
        {{ ', ' ~ column_beside if column_beside }}
    from (
        {% for key_type, column in [
            ('email', 'email'),
            ('phone', 'phone_e164'),
            ('phone', 'other_phone_e164'),
            ('linkedin', 'linkedin_public_id'),
        ] %}
        select
            record_key,
            '{{ key_type }}' as key_type,
            {{ column }} as key_value
            {{ ', ' ~ column_beside if column_beside }}
        from {{ records }}
        where
            {{ column }} is not null
            {%- if column == 'other_phone_e164' %}
            and {{ column }} is distinct from phone_e164
            {%- endif %}
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as keys
{%- endmacro %}
