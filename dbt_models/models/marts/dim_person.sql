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
        -- LinkedIn's times are those of our reading: within a day, which page
        -- came first says nothing about the person
        {{ place_number(
            "case when vendor = 'linkup' then "
            ~ dbt.date_trunc('day', 'record_updated_at')
            ~ " else record_updated_at end",
            ['record_key']
        ) }} as place
    from {{ ref('int_person_records') }}
),

consents as (
    select
        person_number,
        has_email_consent,
        row_number() over (
            partition by person_number
            order by
                email_consent_updated_at desc nulls last,
                record_updated_at desc nulls last,
                has_email_consent asc,
                record_id asc
        ) as recency
    from {{ ref('int_person_records') }}
    where has_email_consent is not null
),

people as (
    select
        person_number,
        {% for name, column in [
            ('full_name', 'full_name'),
            ('email', 'email'),
            ('phone_e164', 'any_phone_e164'),
            ('linkedin_public_id', 'linkedin_public_id'),
            ('location', 'location'),
        ] %}
        max_by({{ column }}, place) filter (
            where {{ column }} is not null
        ) as {{ name }},
        {% endfor %}
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
    people.person_id,
    people.full_name,
    people.email,
    people.phone_e164,
    people.linkedin_public_id,
    people.location,
    people.first_seen_at,
    people.last_seen_at,
    people.first_record_created_at,
    people.record_count,
    people.vendor_count,
    consents.has_email_consent as email_consent
from people
left join consents
    on
        people.person_number = consents.person_number
        and consents.recency = 1
