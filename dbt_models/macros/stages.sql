{# The funnel's stages in order. Outside the order: rejected, on_hold,
   no_response. #}
{% macro ordered_stages() -%}
    {{ return([
        'contacted', 'lead', 'applied', 'assessed',
        'recommended', 'shortlisted', 'hired'
    ]) }}
{%- endmacro %}


{# The columns of a journey that counts of journeys rest on. #}
{% macro counted_columns() -%}
    {{ return([
        'hiring_campaign', 'source', 'stages_entered', 'furthest_stage',
        'has_verdict', 'is_open', 'first_event_at', 'lead_at', 'hired_at'
    ]) }}
{%- endmacro %}


{# The stages that a journey entered, as one number: a bit a stage. It is read
   many times faster than their times. #}
{% macro stages_entered() -%}
    cast(
        {%- for stage in ordered_stages() %}
        case when {{ stage }}_at is not null then {{ 2 ** loop.index0 }}
            else 0 end {{ '+' if not loop.last }}
        {%- endfor %}
        as bigint
    )
{%- endmacro %}

{% macro has_entered(stage) -%}
    (stages_entered & {{ 2 ** ordered_stages().index(stage) }}) > 0
{%- endmacro %}


{# A vendor's status as it is compared with the status map. #}
{% macro status_key(status) -%}
    replace(lower(trim({{ status }})), ' ', '_')
{%- endmacro %}


{# Whether a journey is stalled at the run's moment: open, and without activity
   for longer than the variable says. #}
{% macro is_stalled() -%}
    coalesce(
        is_open and last_activity_at < {{ dbt.dateadd(
            'day', -1 * var('stalled_after_days'), run_moment()
        ) }},
        false
    )
{%- endmacro %}


{# After a build of news: time has gone on for the untouched journeys, too. #}
{% macro journeys_stall() -%}
    {%- if is_news_build() -%}
        update {{ this }} set is_stalled = not is_stalled
        where is_stalled <> {{ is_stalled() }}
    {%- endif -%}
{%- endmacro %}
