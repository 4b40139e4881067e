with

versions as (
    {{ record_versions(
        'easir', 'campaigns', ['id'], then_by='updated_at'
    ) }}
),

final as (
    select
        id as campaign_id,
        {{ clean_text('name') }} as campaign_name,
        description,
        {{ clean_text('type') }} as campaign_type,
        status as campaign_status,
        scope,
        approved as is_approved,
        team_id,
        group_id,
        total_sent as count_sent,
        sent_at,
        send_at,
        created_at,
        updated_at,
        _is_missing as is_deleted,
        _first_missing_at as first_missing_at,
        _last_seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions
    from versions
    where _is_current
)

select * from final
