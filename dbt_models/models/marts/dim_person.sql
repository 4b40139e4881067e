{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

records as (
    select
        *,
        coalesce(phone_e164, other_phone_e164) as any_phone_e164
    from {{ ref('int_person_records') }}
),

-- Who has several records: their keys tie them together.
ranked as (
    select
        *,
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
        ) as recency
    from records
    where match_rule <> 'single'
),

-- Few records tell of a consent.
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
    from records
    where match_rule <> 'single' and has_email_consent is not null
),

merged as (
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
        person_number,
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
    from ranked
    group by person_number
),

final as (
    select
        merged.person_id,
        {{ text_number('merged.person_id') }} as person_hash,
        merged.full_name,
        merged.email,
        merged.phone_e164,
        merged.linkedin_public_id,
        merged.location,
        merged.first_seen_at,
        merged.last_seen_at,
        merged.first_record_created_at,
        merged.record_count,
        merged.vendor_count,
        consents.has_email_consent as email_consent
    from merged
    left join consents
        on
            merged.person_number = consents.person_number
            and consents.recency = 1
    union all
    select
        person_id,
        {{ text_number('person_id') }} as person_hash,
        full_name,
        email,
        any_phone_e164 as phone_e164,
        linkedin_public_id,
        location,
        first_seen_at,
        last_seen_at,
        record_created_at as first_record_created_at,
        cast(1 as bigint) as record_count,
        cast(1 as bigint) as vendor_count,
        has_email_consent as email_consent
    from records
    where match_rule = 'single'
)

select * from final
