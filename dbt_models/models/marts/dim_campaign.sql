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
    vendor_campaign_status
from campaigns
