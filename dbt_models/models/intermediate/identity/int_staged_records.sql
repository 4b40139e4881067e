-- The records that staging has, which data tests compare marts with. In a build
-- of news: those with news, and the other affected ones as they were.
{{ config(materialized='ephemeral') }}

{%- set affected = ref('int_affected_records') %}
{%- set touched = ref('int_person_records_unioned') %}

{% for vendor, versions, record_id, status, campaign_id in [
    (
        'easir', ref('stg_easir__campaign_recipients_versions'),
        'recipient_key', 'vendor_status', 'campaign_id'
    ),
    (
        'talkpush', ref('stg_talkpush__leads_versions'),
        'lead_id', 'vendor_status', 'campaign_id'
    ),
    (
        'linkup', ref('stg_linkup__candidates_versions'),
        'application_key', 'rating', 'job_id'
    ),
    (
        'hirednow', ref('stg_hirednow__results_versions'),
        'result_id', 'recommendation_status', 'campaign_id'
    ),
] %}
select
    '{{ vendor }}' as vendor,
    {{ record_id }} as record_id,
    {{ status }} as vendor_status,
    {{ campaign_id }} as vendor_campaign_id
from {{ touched_rows(versions) }}
where is_current
{{ 'union all' if not loop.last }}
{% endfor %}
{% if is_news_build() %}
union all
select
    vendor,
    record_id,
    vendor_status,
    vendor_campaign_id
from {{ affected }}
where record_key not in (select record_key from {{ touched }})
{% endif %}
