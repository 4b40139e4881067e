-- Where a journey stands: its latest event or change of status.
{{ config(materialized='ephemeral') }}

with

ranked as (
    select
        *,
        row_number() over (
            partition by person_id, hiring_campaign
            order by
                ordered_at desc nulls last,
                stage_order desc nulls first,
                entry_number desc,
                record_key asc,
                stage asc
        ) as recency
    from {{ ref('int_journey_entries') }}
),

final as (
    select
        person_id,
        hiring_campaign,
        stage as current_status,
        occurred_at as last_activity_at
    from ranked
    where recency = 1
)

select * from final
