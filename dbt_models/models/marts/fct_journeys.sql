with

stages as (
    select * from {{ ref('int_journey_stages') }}
),

sources as (
    select * from {{ ref('int_journey_sources') }}
),

statuses as (
    select * from {{ ref('int_journey_statuses') }}
),

assessments as (
    select
        person_id,
        hiring_campaign,
        max(overall_score) as best_score,
        max_by(
            cefr,
            case
                when substr(cefr, 1, 1) in ('A', 'B', 'C') then cefr
                else ''
            end
        ) filter (where cefr is not null) as cefr
    from {{ ref('fct_assessments') }}
    group by person_id, hiring_campaign
),

reached as (
    select
        person_id,
        hiring_campaign,
        {% for stage in ordered_stages() + [
            'rejected', 'on_hold', 'no_response'
        ] %}
        min(reached_at) filter (where stage = '{{ stage }}')
            as {{ stage }}_at,
        {% endfor %}
        max(last_reached_at) filter (where stage = 'rejected')
            as last_rejected_at,
        max_by(stage, stage_order) filter (where stage_order is not null)
            as furthest_stage,
        min(ordered_at) as first_event_at,
        max(last_reached_at) as last_event_at,
        cast(sum(count_events) as bigint) as count_events
    from stages
    group by person_id, hiring_campaign
),

joined as (
    select
        reached.*,
        sources.source,
        statuses.current_status,
        statuses.last_activity_at,
        assessments.best_score,
        assessments.cefr,
        reached.hired_at is null
        and (
            reached.last_rejected_at is null
            or reached.last_rejected_at < reached.last_event_at
        ) as is_open
    from reached
    left join sources
        on
            reached.person_id = sources.person_id
            and reached.hiring_campaign = sources.hiring_campaign
    left join statuses
        on
            reached.person_id = statuses.person_id
            and reached.hiring_campaign = statuses.hiring_campaign
    left join assessments
        on
            reached.person_id = assessments.person_id
            and reached.hiring_campaign = assessments.hiring_campaign
),

final as (
    select
        {{ dbt.hash("person_id || '|' || hiring_campaign") }} as journey_id,
        person_id,
        hiring_campaign,
        source,
        contacted_at,
        lead_at,
        applied_at,
        assessed_at,
        recommended_at,
        shortlisted_at,
        hired_at,
        rejected_at,
        on_hold_at,
        no_response_at,
        furthest_stage,
        current_status,
        best_score,
        cefr,
        is_open,
        coalesce(
            is_open and last_activity_at < {{ dbt.dateadd(
                'day', -1 * var('stalled_after_days'), run_moment()
            ) }},
            false
        ) as is_stalled,
        count_events,
        first_event_at,
        last_event_at,
        last_activity_at
    from joined
)

select * from final
