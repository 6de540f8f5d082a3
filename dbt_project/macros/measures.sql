{#
    Rows of `relation` by authority and period, for each measure those for which its condition holds; a condition of none is met by all.
    Gives measure, la_code, period_type, period_start and measured, as every int_measures__ model does.
#}
{% macro counts(relation, period_start, conditions, period_type='month', counted='*') -%}
    {%- for measure, condition in conditions.items() %}
    select
        '{{ measure }}' as measure,
        la_code,
        '{{ period_type }}' as period_type,
        {{ period_start }} as period_start,
        cast(count({{ counted }}) as double) as measured
    from {{ relation }}
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
    group by la_code, {{ period_start }}
    {{- '
    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# What stands in columns of `relation`, by period_start: each measure in the column of its name, or in `column`. #}
{% macro measures_of(relation, measures, column=none, period_type='month') -%}
    {%- for measure in measures %}
    select
        '{{ measure }}' as measure,
        la_code,
        '{{ period_type }}' as period_type,
        period_start,
        cast({{ column or measure }} as double) as measured
    from {{ relation }}
    {{- '
    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
