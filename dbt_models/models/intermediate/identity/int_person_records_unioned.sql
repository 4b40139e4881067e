-- The records about persons that this build reads: those with a version in a
-- new load; in a full build, all.
{{ config(materialized='table') }}
{%- set loads = ref('int_loads') %}

with

records as (
    {% for vendor, versions, key in [
        (
            'easir',
            ref('stg_easir__campaign_recipients_versions'),
            'recipient_key'
        ),
        ('talkpush', ref('stg_talkpush__leads_versions'), 'lead_id'),
        ('linkup', ref('stg_linkup__candidates_versions'), 'application_key'),
        ('hirednow', ref('stg_hirednow__results_versions'), 'result_id'),
    ] %}
    select * from {{ ref('int_person_records__' ~ vendor) }}
    {% if is_news_build() %}
    where record_id in (
        select {{ key }} from {{ versions }}
        where load_id in (
            select load_id from {{ loads }}
            where vendor = '{{ vendor }}' and is_new
        )
    )
    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        {{ row_numbers() }} as record_number,
        vendor || ':' || record_id as record_key,
        vendor,
        record_id,
        vendor_campaign_id,
        record_source,
        full_name,
        email,
        phone_e164,
        other_phone_e164,
        linkedin_public_id,
        location,
        has_email_consent,
        email_consent_updated_at,
        record_created_at,
        record_updated_at,
        first_seen_at,
        last_seen_at,
        vendor_status,
        version_count,
        is_deleted,
        first_missing_at,
        {{ normalised_name('full_name') }} as normalised_name
    from records
)

select * from final
