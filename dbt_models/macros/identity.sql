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
   the columns of its record that are named. A record has each key once. #}
{% macro identity_keys_of(records, columns) -%}
    {% for key_type, column in identity_columns() %}
    select
        '{{ key_type }}' as key_type,
        {{ column }} as key_value,
        {{ columns | join(', ') }}
    from {{ records }}
    where
        {{ column }} is not null
        {%- if column == 'other_phone_e164' %}
        and {{ column }} is distinct from phone_e164
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{# The columns of a record that hold keys, each with its key's type. #}
{% macro identity_columns() -%}
    {{ return([
        ('email', 'email'),
        ('phone', 'phone_e164'),
        ('phone', 'other_phone_e164'),
        ('linkedin', 'linkedin_public_id'),
    ]) }}
{%- endmacro %}


{# Conditions for records that hold a key: one a column, each on that column
   alone. The keys are selected by SQL that ends in a condition. #}
{% macro in_keys(key_values) -%}
    {%- set conditions = [] -%}
    {%- for key_type, column in identity_columns() -%}
        {%- do conditions.append(
            column ~ ' in (' ~ key_values
            ~ " and key_type = '" ~ key_type ~ "')"
        ) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}


{# What a record tells of somebody, as identity reads it and person_records keeps
   it. #}
{% macro record_columns() -%}
    {{ return([
        'vendor', 'record_id', 'vendor_campaign_id', 'record_source',
        'full_name', 'email', 'phone_e164', 'other_phone_e164',
        'linkedin_public_id', 'location', 'has_email_consent',
        'email_consent_updated_at', 'record_created_at', 'record_updated_at',
        'first_seen_at', 'last_seen_at', 'vendor_status', 'version_count',
        'is_deleted', 'first_missing_at'
    ]) }}
{%- endmacro %}


{# A number for each row, good for this build only: engines join and group
   numbers several times faster than texts. #}
{% macro row_numbers() -%}
    {{ return(adapter.dispatch('row_numbers')()) }}
{%- endmacro %}

{% macro default__row_numbers() -%} row_number() over () {%- endmacro %}

{% macro spark__row_numbers() -%} monotonically_increasing_id() {%- endmacro %}
