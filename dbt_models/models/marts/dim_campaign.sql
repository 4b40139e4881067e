-- depends_on: {{ ref('int_changed_campaigns') }}
-- (which compares the campaigns with this table as the last build left it)
with

campaigns as (
    select * from {{ ref('int_campaigns') }}
)

select
    campaign_key,
    vendor,
    vendor_campaign_id,
    campaign_name,
    channel,
    hiring_campaign,
    is_mapped,
    vendor_campaign_status,
    sent_at,
    is_deleted,
    first_missing_at
from campaigns
