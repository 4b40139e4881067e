-- The number of the stages that a journey entered says what their times say.
select journey_id
from {{ touched_rows(ref('fct_journeys')) }}
where
    false
    {% for stage in ordered_stages() %}
    or ({{ has_entered(stage) }}) <> ({{ stage }}_at is not null)
    {% endfor %}
