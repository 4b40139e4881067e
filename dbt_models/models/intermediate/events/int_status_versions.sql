-- Every status that a record of several versions was seen with, in the order
-- seen. own_stage is the stage that the record's existence proves already.
{{ config(materialized='ephemeral') }}

with

statuses as (
    select
        'easir' as vendor,
        recipient_key as record_id,
        'contacted' as own_stage,
        vendor_status,
        version_number,
        count_versions,
        updated_at,
        seen_at
    from {{ touched_rows(ref('stg_easir__campaign_recipients_versions')) }}
    union all
    select
        'talkpush' as vendor,
        lead_id as record_id,
        'lead' as own_stage,
        vendor_status,
        version_number,
        count_versions,
        updated_at,
        seen_at
    from {{ touched_rows(ref('stg_talkpush__leads_versions')) }}
    union all
    select
        'linkup' as vendor,
        application_key as record_id,
        'applied' as own_stage,
        rating as vendor_status,
        version_number,
        count_versions,
        cast(null as {{ type_timestamptz() }}) as updated_at,
        seen_at
    from {{ touched_rows(ref('stg_linkup__candidates_versions')) }}
    union all
    select
        'hirednow' as vendor,
        result_id as record_id,
        'assessed' as own_stage,
        recommendation_status as vendor_status,
        version_number,
        count_versions,
        updated_at,
        seen_at
    from {{ touched_rows(ref('stg_hirednow__results_versions')) }}
),

final as (
    select
        vendor,
        record_id,
        own_stage,
        vendor_status,
        {{ status_key('vendor_status') }} as status_key,
        version_number,
        coalesce(updated_at, seen_at) as occurred_at,
        case when updated_at is null then 'observed' else 'exact' end
            as time_precision,
        seen_at
    from statuses
    where vendor_status is not null and count_versions > 1
)

select * from final
