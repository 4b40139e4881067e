{{ config(materialized='ephemeral') }}

with

results as (
    select * from {{ touched_rows(ref('stg_hirednow__results_versions')) }}
),

final as (
    select
        'hirednow' as vendor,
        result_id as record_id,
        coalesce(campaign_id, 'unknown') as vendor_campaign_id,
        'Assessment' as record_source,
        cast(null as {{ dbt.type_string() }}) as full_name,
        {{ normalised_email('user_email') }} as email,
        cast(null as {{ dbt.type_string() }}) as phone_e164,
        cast(null as {{ dbt.type_string() }}) as other_phone_e164,
        cast(null as {{ dbt.type_string() }}) as linkedin_public_id,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as boolean) as has_email_consent,
        cast(null as {{ type_timestamptz() }}) as email_consent_updated_at,
        created_at as record_created_at,
        updated_at as record_updated_at,
        first_seen_at,
        seen_at as last_seen_at,
        recommendation_status as vendor_status,
        count_versions as version_count,
        false as is_deleted,
        cast(null as {{ type_timestamptz() }}) as first_missing_at,
        is_current
    from results
)

select * from final
