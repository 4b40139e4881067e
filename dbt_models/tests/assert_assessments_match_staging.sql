-- Every HiredNow result is one assessment, with its score.
with

results as (
    select record_id as result_id
    from {{ ref('int_staged_records') }}
    where vendor = 'hirednow'
),

scores as (
    select
        result_id,
        overall_score
    from {{ touched_rows(ref('stg_hirednow__results_versions')) }}
    where is_current
),

assessments as (
    select * from {{ touched_rows(ref('fct_assessments')) }}
)

select coalesce(results.result_id, assessments.result_id) as result_id
from results
full outer join assessments
    on results.result_id = assessments.result_id
left join scores
    on results.result_id = scores.result_id
where
    results.result_id is null
    or assessments.result_id is null
    or (
        scores.result_id is not null
        and scores.overall_score is distinct from assessments.overall_score
    )
