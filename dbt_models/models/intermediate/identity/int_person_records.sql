-- Each record with its person, named after the person's oldest record. In a
-- build of news, the affected ones; the mart person_records holds all.
{{ config(materialized='table') }}

with

records as (
    select * from {{ touched_or_all(
        ref('int_records_to_resolve'), ref('int_person_records_unioned')
    ) }}
),

components as (
    select * from {{ ref('int_person_components') }}
),

matches as (
    select * from {{ ref('int_person_matches') }}
),

grouped as (
    select
        records.*,
        coalesce(components.component, records.record_key) as component
    from records
    left join components
        on records.record_key = components.node
),

named as (
    select
        *,
        first_value(record_key) over (
            partition by component
            order by
                coalesce(record_created_at, first_seen_at), vendor, record_id
        ) as oldest_record_key
    from grouped
),

final as (
    select
        {{ dbt.hash('named.oldest_record_key') }} as person_id,
        named.record_key,
        named.vendor,
        named.record_id,
        named.vendor_campaign_id,
        named.record_source,
        named.full_name,
        named.email,
        named.phone_e164,
        named.other_phone_e164,
        named.linkedin_public_id,
        named.location,
        named.has_email_consent,
        named.email_consent_updated_at,
        named.record_created_at,
        named.record_updated_at,
        named.first_seen_at,
        named.last_seen_at,
        coalesce(matches.match_rule, 'single') as match_rule,
        coalesce(matches.match_confidence, 1.0) as match_confidence
    from named
    left join matches
        on named.record_key = matches.record_key
)

select * from final
