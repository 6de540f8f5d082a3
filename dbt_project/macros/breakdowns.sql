{# The age band and sex of a child as a part of a breakdown. One group of each is never counted: of what is counted in all parts the last
   would be the rest of the whole, to the child. It is boys aged 14 to 17, with whoever's age or sex is not recorded. What is `rare` has
   wider bands. #}
{% macro age_and_sex(age, sex, rare=false) -%}
case
    {%- if rare %}
    when {{ sex }} = 'F' and {{ age }} < 14 then 'girls_under_14'
    when {{ sex }} = 'F' and {{ age }} < 18 then 'girls_14_to_17'
    when {{ sex }} = 'M' and {{ age }} < 14 then 'boys_under_14'
    {%- else %}
    when {{ sex }} = 'F' and {{ age }} < 10 then 'girls_under_10'
    when {{ sex }} = 'F' and {{ age }} < 14 then 'girls_10_to_13'
    when {{ sex }} = 'F' and {{ age }} < 18 then 'girls_14_to_17'
    when {{ sex }} = 'M' and {{ age }} < 10 then 'boys_under_10'
    when {{ sex }} = 'M' and {{ age }} < 14 then 'boys_10_to_13'
    {%- endif %}
end
{%- endmacro %}

{#
    Measures of `relation`, which has a column for each and a row for each authority, month and combination of parts: what each part of a
    dimension, a column of that name, holds of them. What is of no part is left out.
    Gives measure, la_code, period_start, dimension, part and measured.
#}
{% macro parts_of(relation, measures, dimensions) -%}
    {%- for dimension in dimensions %}
    {%- for measure in measures %}
    select
        '{{ measure }}' as measure,
        la_code,
        event_month as period_start,
        '{{ dimension }}' as dimension,
        {{ dimension }} as part,
        cast(sum({{ measure }}) as double) as measured
    from {{ relation }}
    where {{ dimension }} is not null
    group by la_code, event_month, {{ dimension }}
    {{- '
    union all' if not loop.last }}
    {%- endfor %}
    {{- '
    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
