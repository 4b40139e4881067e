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
        row_number() over (
            partition by person_id
            order by
                record_updated_at desc nulls last,
                vendor asc,
                record_id asc
        ) as recency,
        row_number() over (
            partition by person_id
            order by
                case when has_email_consent is null then 1 else 0 end,
                email_consent_updated_at desc nulls last,
                record_updated_at desc nulls last,
                has_email_consent asc,
                record_id asc
        ) as consent_recency
    from {{ ref('int_person_records') }}
),

final as (
    select
        person_id,
        min_by(full_name, recency) filter (where full_name is not null)
            as full_name,
        min_by(email, recency) filter (where email is not null) as email,
        min_by(coalesce(phone_e164, other_phone_e164), recency) filter (
            where coalesce(phone_e164, other_phone_e164) is not null
        ) as phone_e164,
        min_by(linkedin_public_id, recency) filter (
            where linkedin_public_id is not null
        ) as linkedin_public_id,
        min_by(location, recency) filter (where location is not null)
            as location,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(record_created_at) as first_record_created_at,
        count(*) as record_count,
        count(distinct vendor) as vendor_count,
        min_by(has_email_consent, consent_recency) filter (
            where has_email_consent is not null
        ) as email_consent
    from records
    group by person_id
)

select * from final
