-- Every HiredNow result is one assessment, with its score.
with

results as (
    select * from {{ ref('stg_hirednow__results') }}
    {{ where_record_touched(
        'result_id', 'hirednow', ref('int_records_to_resolve')
    ) }}
),

assessments as (
    select * from {{ touched_rows(ref('fct_assessments')) }}
)

select coalesce(results.result_id, assessments.result_id) as result_id
from results
full outer join assessments
    on results.result_id = assessments.result_id
where
    results.result_id is null
    or assessments.result_id is null
    or results.overall_score is distinct from assessments.overall_score
