{{ config(
    materialized='incremental',
    unique_key='person_hash',
    meta={'touched': 'int_touched_persons'}
) }}

-- depends_on: {{ ref('int_touched_persons') }}
with

records as (
    select * from {{ ref('int_person_records') }}
),

campaigns as (
    select * from {{ ref('dim_campaign') }}
),

final as (
    select
        records.record_key,
        records.person_id,
        {{ text_number('records.person_id') }} as person_hash,
        records.vendor,
        records.record_id,
        records.vendor_campaign_id,
        records.record_source,
        campaigns.campaign_key,
        records.match_rule,
        records.match_confidence,
        records.full_name,
        records.email,
        case
            when records.email is not null
                then {{ text_number('records.email') }}
        end as email_hash,
        records.phone_e164,
        records.other_phone_e164,
        records.linkedin_public_id,
        records.location,
        records.has_email_consent,
        records.email_consent_updated_at,
        records.record_created_at,
        records.record_updated_at,
        records.first_seen_at,
        records.last_seen_at,
        records.vendor_status,
        records.version_count,
        records.is_deleted,
        records.first_missing_at
    from records
    left join campaigns
        on
            records.vendor = campaigns.vendor
            and records.vendor_campaign_id = campaigns.vendor_campaign_id
)

select * from final
