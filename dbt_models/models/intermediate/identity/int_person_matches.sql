-- How sure it is that a record belongs to its person: each kind of shared key
-- leaves a doubt (e-mail 0.05, phone 0.10, LinkedIn 0.05); doubts multiply.
{{ config(materialized='ephemeral') }}

with

doubts as (
    select
        record_number,
        min(case key_type
            when 'email' then 1 when 'phone' then 2 else 3
        end) as strongest,
        min(case when key_type = 'email' then 0.05 else 1.0 end)
            as email_doubt,
        min(case when key_type = 'phone' then 0.10 else 1.0 end)
            as phone_doubt,
        min(case when key_type = 'linkedin' then 0.05 else 1.0 end)
            as linkedin_doubt
    from {{ ref('int_joining_keys') }}
    group by record_number
),

final as (
    select
        record_number,
        case strongest
            when 1 then 'email' when 2 then 'phone' else 'linkedin'
        end as match_rule,
        cast(
            1 - email_doubt * phone_doubt * linkedin_doubt as double
        ) as match_confidence
    from doubts
)

select * from final
