-- People who became leads, or were hired, in a hiring campaign on a day.
with

journey_stages as (
    select * from {{ ref('int_journey_stages') }}
),

final as (
    select
        hiring_campaign,
        {{ utc_date('reached_at') }} as entry_date,
        count(*) filter (where stage = 'lead') as leads,
        count(*) filter (where stage = 'hired') as hires
    from journey_stages
    where stage in ('lead', 'hired')
    group by hiring_campaign, {{ utc_date('reached_at') }}
)

select * from final
