-- In a build of news: the affected records as they stand now.
{{ config(materialized='table') }}

{%- set touched = ref('int_person_records_unioned') %}
{%- set affected = ref('int_affected_records') %}
{%- set columns = [
    'record_key', 'vendor', 'record_id', 'vendor_campaign_id',
    'record_source', 'full_name', 'email', 'phone_e164', 'other_phone_e164',
    'linkedin_public_id', 'location', 'has_email_consent',
    'email_consent_updated_at', 'record_created_at', 'record_updated_at',
    'first_seen_at', 'last_seen_at', 'vendor_status', 'version_count',
    'is_deleted', 'first_missing_at'
] | join(', ') %}

with

records as (
    select {{ columns }} from {{ touched }}
    where {{ is_news_build() | lower }}
    {% if is_news_build() %}
    union all
    select {{ columns }} from {{ affected }}
    where record_key not in (select record_key from {{ touched }})
    {% endif %}
)

select
    {{ row_numbers() }} as record_number,
    records.*
from records
