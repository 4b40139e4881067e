-- The records that this build resolves, each with its person: in a build of
-- news the affected ones; the mart person_records holds all.
{{ config(materialized='ephemeral') }}

{%- set columns = [
    'vendor', 'record_key', 'record_id', 'vendor_campaign_id',
    'record_source', 'full_name', 'email', 'phone_e164', 'other_phone_e164',
    'linkedin_public_id', 'location', 'has_email_consent',
    'email_consent_updated_at', 'record_created_at', 'record_updated_at',
    'first_seen_at', 'last_seen_at', 'vendor_status', 'version_count',
    'is_deleted', 'first_missing_at'
] %}

select
    {% for column in columns %}
    records.{{ column }},
    {% endfor %}
    persons.person_number,
    persons.person_id,
    persons.match_rule,
    persons.match_confidence
from {{ touched_or_all(
    ref('int_records_to_resolve'), ref('int_person_records_unioned')
) }} as records
inner join {{ ref('int_record_persons') }} as persons
    on records.record_number = persons.record_number
