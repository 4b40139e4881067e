{# How DuckDB is to compress a column's texts, for its definition. By itself it
   tries every way on each row group, a quarter of what it takes to write such a
   table; of these columns the best is known. Others are left to it. #}
{% macro compression_of(column) -%}
    {%- set own_to_each_row = [
        'application_id', 'application_key', 'campaign_hour_id',
        'candidate_id', 'email', 'event_id', 'full_name', 'identity_key',
        'journey_id', 'last_name', 'lead_id', 'linkedin_public_id',
        'mobile_phone', 'mobile_phone_e164', 'person_id',
        'phone', 'phone_e164', 'recipient_id', 'recipient_key', 'record_id',
        'record_key', 'result_id', 'user_email', 'user_id'
    ] -%}
    {%- set words = [
        'campaign_id', 'campaign_key', 'campaign_name', 'cefr',
        'current_status', 'folder', 'from_stage', 'furthest_stage',
        'hiring_campaign', 'job_id', 'key_type', 'lead_source', 'load_id',
        'match_rule',
        'rating', 'recommendation_status', 'record_source', 'source', 'stage',
        'state', 'status_key', 'time_precision', 'vendor',
        'vendor_campaign_id', 'vendor_status'
    ] -%}
    {%- if column in own_to_each_row -%}
        using compression fsst
    {%- elif column in words -%}
        using compression dictionary
    {%- endif -%}
{%- endmacro %}
