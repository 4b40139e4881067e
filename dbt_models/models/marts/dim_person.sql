{{ config(
    materialized='incremental',
    unique_key='person_id',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
{#- The newest record that says something counts. #}
{%- set never = '9223372036854775807' %}
{%- set newest %}(
            coalesce(-{{ microseconds('record_updated_at') }}, {{ never }}),
            record_key
        ){% endset %}
{%- set newest_consent %}(
            coalesce(
                -{{ microseconds('email_consent_updated_at') }}, {{ never }}
            ),
            coalesce(-{{ microseconds('record_updated_at') }}, {{ never }}),
            has_email_consent,
            record_id
        ){% endset %}

with

records as (
    select
        *,
        coalesce(phone_e164, other_phone_e164) as any_phone_e164
    from {{ ref('int_person_records') }}
),

final as (
    select
        {% for name, column in [
            ('full_name', 'full_name'),
            ('email', 'email'),
            ('phone_e164', 'any_phone_e164'),
            ('linkedin_public_id', 'linkedin_public_id'),
            ('location', 'location'),
        ] %}
        min_by({{ column }}, {{ newest }}) filter (
            where {{ column }} is not null
        ) as {{ name }},
        {% endfor %}
        min_by(has_email_consent, {{ newest_consent }}) filter (
            where has_email_consent is not null
        ) as email_consent,
        min(person_id) as person_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(record_created_at) as first_record_created_at,
        count(*) as record_count,
        count(distinct vendor) as vendor_count
    from records
    group by person_number
)

select
    person_id,
    full_name,
    email,
    phone_e164,
    linkedin_public_id,
    location,
    first_seen_at,
    last_seen_at,
    first_record_created_at,
    record_count,
    vendor_count,
    email_consent
from final
