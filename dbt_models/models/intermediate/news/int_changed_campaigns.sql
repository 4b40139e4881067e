-- Campaigns whose hiring campaign or time of sending is not what the last
-- build had: their records' events move.
{{ config(materialized='table') }}

{%- set campaigns = ref('int_campaigns') %}

select campaigns.campaign_key
from {{ campaigns }} as campaigns
inner join
    {{ touched_or_all(last_built('marts', 'dim_campaign'), campaigns) }}
        as built
    on campaigns.campaign_key = built.campaign_key
where
    campaigns.hiring_campaign is distinct from built.hiring_campaign
    or campaigns.sent_at is distinct from built.sent_at
