-- Every HiredNow result is one assessment, with its score.
select coalesce(results.result_id, assessments.result_id) as result_id
from {{ ref('stg_hirednow__results') }} as results
full outer join {{ ref('fct_assessments') }} as assessments
    on results.result_id = assessments.result_id
where
    results.result_id is null
    or assessments.result_id is null
    or results.overall_score is distinct from assessments.overall_score
