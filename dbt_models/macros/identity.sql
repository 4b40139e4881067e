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


{# Conditions for records of person_records that hold a key: one a column, each
   on that column alone. Most have an e-mail, which is looked for by its number:
   a few with another one may be found, too.

   relation: has the keys, `key_type` and `key_value`; condition: which. #}
{% macro in_keys(relation, condition) -%}
    {%- set conditions = [] -%}
    {%- for key_type, column in identity_columns() -%}
        {%- set is_email = column == 'email' -%}
        {%- do conditions.append(
            ('email_hash' if is_email else column) ~ ' in (select '
            ~ (text_number('key_value') if is_email else 'key_value')
            ~ ' from ' ~ relation ~ ' where ' ~ condition
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
