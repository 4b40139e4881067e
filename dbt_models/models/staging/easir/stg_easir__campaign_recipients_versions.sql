{{ config(
    materialized='incremental',
    unique_key='key_hash'
) }}

with

loads as (
    select load_id from {{ ref('int_loads') }}
    where vendor = 'easir'
),

{# One zone for all: a zone by the row takes ten times as long. It is the
   latest, as a setting that was corrected is right for older rows, too: these
   are read again when it changes. What says that a recipient is gone repeats
   the zone of the row before. #}
zones as (
    select coalesce(max_by(nested_timezone, _seen_at), 'UTC') as _timezone
    from {{ source('raw_easir', 'campaign_recipients') }}
    where
        nested_timezone is not null
        and _is_deleted is distinct from true
        and _dlt_load_id in (select loads.load_id from loads)
),

versions as (
    {{ record_versions(
        'easir', 'campaign_recipients', ['campaign_id', 'id'],
        then_by='updated_at', only_news=true,
        and_keys='select key_hash from ' ~ this
            ~ ' where consent_timezone <> (select _timezone from zones)'
    ) }}
),

parsed as (
    select
        versions.*,
        zones._timezone,
        {{ json_fields('versions.fixed_fields') }} as _fields -- noqa: PRS
    from versions
    cross join zones
),

named as (
    select
        {% for name in [
            'salutation', 'title', 'first_name', 'last_name', 'email',
            'mobile_phone_number', 'landline_phone_number', 'address',
            'zip_code', 'city', 'state_region', 'country', 'date_of_birth'
        ] %}
        {{ json_field('_fields', name) }} as _{{ name }}, -- noqa: PRS
        {% endfor %}
        *
    from parsed
),

final as (
    select
        campaign_id || ':' || id as recipient_key,
        campaign_id,
        id as recipient_id,
        {{ clean_text('status') }} as vendor_status,
        b2c as is_b2c,
        team_id,
        {{ clean_text('_salutation') }} as salutation,
        {{ clean_text('_title') }} as title,
        {{ clean_text('_first_name') }} as first_name,
        {{ clean_text('_last_name') }} as last_name,
        {{ clean_text(
            "coalesce(_first_name, '') || ' '"
            ~ " || coalesce(_last_name, '')"
        ) }} as full_name,
        {{ clean_text('_email') }} as email,
        {{ clean_text('_mobile_phone_number') }} as mobile_phone,
        {{ phone_e164('_mobile_phone_number') }}
            as mobile_phone_e164,
        {{ clean_text('_landline_phone_number') }} as landline_phone,
        {{ phone_e164('_landline_phone_number') }}
            as landline_phone_e164,
        coalesce(
            {{ linkedin_id_in('social_profile') }},
            {{ linkedin_id_in('custom_fields') }}
        ) as linkedin_public_id,
        {{ clean_text('_address') }} as address,
        {{ clean_text('_zip_code') }} as zip_code,
        {{ clean_text('_city') }} as city,
        {{ clean_text('_state_region') }} as state_region,
        {{ clean_text('_country') }} as country,
        {{ safe_cast('_date_of_birth', 'date') }} as date_of_birth,
        {% for channel in ['email', 'letter', 'call', 'sms'] %}
        {{ json_bool('consent', [channel, 'consent_given']) }}
            as has_{{ channel }}_consent,
        {{ wall_clock(
            json_text('consent', [channel, 'updated_at']), '_timezone'
        ) }}
            as {{ channel }}_consent_updated_at,
        {% endfor %}
        _timezone as consent_timezone,
        latest_activity_at,
        created_at,
        updated_at,
        _is_missing as is_deleted,
        _first_missing_at as first_missing_at,
        _key_hash as key_hash,
        _last_seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _version_number as version_number,
        _count_versions as count_versions,
        _is_current as is_current,
        _dlt_load_id as load_id
    from named
)

select * from final
