-- Every resource that a vendor's source has, with what staging holds of it.
{% set resources = [
    ('hirednow', 'results'),
    ('hirednow', 'detailed_results'),
    ('talkpush', 'leads'),
    ('talkpush', 'campaigns'),
    ('linkup', 'jobs'),
    ('linkup', 'candidates'),
    ('closerx', 'hourly_metrics'),
    ('easir', 'campaigns'),
    ('easir', 'campaign_recipients'),
] %}
{% for vendor, resource in resources %}
select
    '{{ vendor }}' as vendor,
    '{{ resource }}' as resource,
    count(*) as rows_total,
    cast(coalesce(sum(count_versions), 0) as bigint) as versions_total
from {{ ref('stg_' ~ vendor ~ '__' ~ resource) }}
{{ 'union all' if not loop.last }}
{% endfor %}
