{# A model's rules in one query, one row a broken one: columns whose values are
   unique, columns with given values only, and columns whose values a column of
   another model has. What must not be null is in the contract. #}
{% test rules(model, unique=[], values={}, parents={}) %}

with

broken as (
    {% for column in unique %}
    select
        '{{ column }} is not unique' as rule,
        cast({{ column }} as {{ dbt.type_string() }}) as broken_by,
        count(*) as count_rows
    from {{ model }}
    {#- Few texts are looked at: those whose number stands twice. #}
    where {{ digest([column]) }} in (
        select {{ digest([column]) }} from {{ model }}
        group by {{ digest([column]) }}
        having count(*) > 1
    )
    group by {{ column }}
    having count(*) > 1
    union all
    {% endfor %}
    {% for column, allowed in values.items() %}
    select
        '{{ column }} has an unknown value' as rule,
        cast({{ column }} as {{ dbt.type_string() }}) as broken_by,
        count(*) as count_rows
    from {{ model }}
    where {{ column }} not in ('{{ allowed | join("', '") }}')
    group by {{ column }}
    union all
    {% endfor %}
    {% for column, parent in parents.items() %}
    select
        '{{ column }} is not in the parent' as rule,
        cast(children.{{ column }} as {{ dbt.type_string() }}) as broken_by,
        count(*) as count_rows
    from {{ model }} as children
    left join {{ touched_rows(parent) }} as parents
        on children.{{ column }} = parents.{{ column }}
    where
        children.{{ column }} is not null
        and parents.{{ column }} is null
    group by children.{{ column }}
    union all
    {% endfor %}
    select
        'none' as rule,
        'none' as broken_by,
        0 as count_rows
    where false
)

select * from broken

{% endtest %}
