with

versions as (
    {{ record_versions(
        'talkpush', 'campaigns', ['id'], then_by='updated_at'
    ) }}
),

final as (
    select
        cast(id as {{ dbt.type_string() }}) as campaign_id,
        coalesce(
            {{ clean_text('title') }}, {{ clean_text('name') }}
        ) as campaign_name,
        is_archived,
        created_at,
        updated_at,
        _seen_at as seen_at,
        _first_seen_at as first_seen_at,
        _count_versions as count_versions
    from versions
    where _is_current
)

select * from final
