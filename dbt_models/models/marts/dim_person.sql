{{ config(
    materialized='incremental',
    unique_key='person_id',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

records as (
    select
        *,
        coalesce(phone_e164, other_phone_e164) as any_phone_e164,
        row_number() over (
            partition by person_number
            order by
                -- LinkedIn's times are those of our reading: within a day,
                -- which page came first says nothing about the person
                case
                    when vendor = 'linkup'
                        then {{ dbt.date_trunc('day', 'record_updated_at') }}
                    else record_updated_at
                end desc nulls last,
                record_key asc
        ) as recency,
        row_number() over (
            partition by person_number
            order by
                case when has_email_consent is null then 1 else 0 end asc,
                email_consent_updated_at desc nulls last,
                record_updated_at desc nulls last,
                has_email_consent asc,
                record_id asc
        ) as consent_recency
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
        min_by({{ column }}, recency) filter (
            where {{ column }} is not null
        ) as {{ name }},
        {% endfor %}
        min_by(has_email_consent, consent_recency) filter (
            where has_email_consent is not null
        ) as email_consent,
        {{ dbt.any_value('person_id') }} as person_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(record_created_at) as first_record_created_at,
        count(*) as record_count,
        cast(
            {%- for vendor in ['easir', 'talkpush', 'linkup', 'hirednow'] %}
            max(case when vendor = '{{ vendor }}' then 1 else 0 end)
            {{- ' +' if not loop.last }}
            {%- endfor %}
            as bigint
        ) as vendor_count
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
