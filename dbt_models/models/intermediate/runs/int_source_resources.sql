-- Every resource that a vendor's source has, with what staging holds of it.
{% for vendor, resource in [
    ('hirednow', 'results'),
    ('talkpush', 'leads'),
    ('linkup', 'candidates'),
    ('easir', 'campaign_recipients'),
] %}
select
    '{{ vendor }}' as vendor,
    '{{ resource }}' as resource,
    count(*) filter (where is_current) as rows_total,
    count(*) as versions_total
from {{ ref('stg_' ~ vendor ~ '__' ~ resource ~ '_versions') }}
union all
{% endfor %}
{% for vendor, resource in [
    ('hirednow', 'detailed_results'),
    ('talkpush', 'campaigns'),
    ('linkup', 'jobs'),
    ('closerx', 'hourly_metrics'),
    ('easir', 'campaigns'),
] %}
select
    '{{ vendor }}' as vendor,
    '{{ resource }}' as resource,
    count(*) as rows_total,
    cast(coalesce(sum(count_versions), 0) as bigint) as versions_total
from {{ ref('stg_' ~ vendor ~ '__' ~ resource) }}
{{ 'union all' if not loop.last }}
{% endfor %}
