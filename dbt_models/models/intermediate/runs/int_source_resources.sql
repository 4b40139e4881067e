-- Every resource that a vendor's source has, with what staging holds of it; and
-- whether it is the one whose records have a status in the funnel.
{% for vendor, resource, has_statuses in [
    ('hirednow', 'results', true),
    ('hirednow', 'detailed_results', false),
    ('talkpush', 'leads', true),
    ('talkpush', 'campaigns', false),
    ('linkup', 'candidates', true),
    ('linkup', 'jobs', false),
    ('closerx', 'hourly_metrics', false),
    ('easir', 'campaign_recipients', true),
    ('easir', 'campaigns', false),
] %}
select
    '{{ vendor }}' as vendor,
    '{{ resource }}' as resource,
    {{ has_statuses | lower }} as has_statuses,
    count(*) as rows_total,
    cast(coalesce(sum(count_versions), 0) as bigint) as versions_total
from {{ ref('stg_' ~ vendor ~ '__' ~ resource) }}
{{ 'union all' if not loop.last }}
{% endfor %}
