{% macro month_of(column) -%}
    cast({{ dbt.date_trunc('month', column) }} as date)
{%- endmacro %}

{% macro add_months(column, months) -%}
    cast({{ dbt.dateadd('month', months, column) }} as date)
{%- endmacro %}

{% macro add_days(column, days) -%}
    cast({{ dbt.dateadd('day', days, column) }} as date)
{%- endmacro %}

{# Whole years between a month of birth and a date; only the month of birth is kept, so its 15th counts as the day. #}
{% macro age_at(birth_month, column) -%}
    cast(
        floor(
            ({{ dbt.datediff(birth_month, column, 'month') }} - case when extract(day from {{ column }}) < 15 then 1 else 0 end)
            / 12
        ) as integer
    )
{%- endmacro %}

{# A key for what a child has at most once a day, where the sender gives it none: the child's key, moved on by the days since 2000. #}
{% macro keyed_by_day(key, column) -%}
    {{ key }} + {{ dbt.datediff("cast('2000-01-01' as date)", column, 'day') }}
{%- endmacro %}

{# Monday of a week that is numbered as ISO 8601 numbers them: the fourth of January is always in the first. #}
{% macro monday_of_week(year, week) -%}
    {{ add_days(dbt.date_trunc('week', 'make_date(' ~ year ~ ', 1, 4)'), '7 * (' ~ week ~ ' - 1)') }}
{%- endmacro %}

{# First day of the school term in which a date falls: 1 September, 1 January or 1 April. #}
{% macro term_start(column) -%}
    case
        when extract(month from {{ column }}) >= 9
            then cast({{ dbt.dateadd('month', 8, dbt.date_trunc('year', column)) }} as date)
        when extract(month from {{ column }}) >= 4
            then cast({{ dbt.dateadd('month', 3, dbt.date_trunc('year', column)) }} as date)
        else cast({{ dbt.date_trunc('year', column) }} as date)
    end
{%- endmacro %}

{# 1 September of the school year in which a date falls. #}
{% macro school_year_start(column) -%}
    case
        when extract(month from {{ column }}) >= 9
            then cast({{ dbt.dateadd('month', 8, dbt.date_trunc('year', column)) }} as date)
        else cast({{ dbt.dateadd('month', '(-4)', dbt.date_trunc('year', column)) }} as date)
    end
{%- endmacro %}

{# First day of the quarter of the calendar year in which a date falls. #}
{% macro quarter_start(column) -%}
    cast({{ dbt.date_trunc('quarter', column) }} as date)
{%- endmacro %}

{# First day of the quarter of a month, or of the school year of a term: of several periods one cannot be told from it. #}
{% macro start_of_several(column, period_type) -%}
    case {{ period_type }}
        when 'month' then {{ quarter_start(column) }}
        when 'term' then {{ school_year_start(column) }}
        else {{ column }}
    end
{%- endmacro %}
