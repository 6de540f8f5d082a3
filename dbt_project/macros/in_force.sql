{#
    Joins facts to the days of which their submission speaks for a source: a row counts where no newer submission of its sender covers
    its day, also outside the days that its own submission covers (`slices.is_own` is false then, and the row is told late). What is told
    late across a change of all local numbers counts only where a number of its own, by the column `numbered`, tells it from others.
#}
{% macro in_slice(facts, date_column, told, numbered=none) -%}
    inner join {{ source('control', 'slices') }} as slices
        on {{ facts }}.submission_id = slices.submission_id
        and slices.source = '{{ told }}'
        and slices.speaks
        and {{ facts }}.{{ date_column }} between slices.slice_start and slices.slice_end
        and (slices.is_own {{ 'or ' ~ numbered if numbered }} or {{ facts }}.{{ date_column }} >= slices.late_from)
{%- endmacro %}

{# For facts that carry no date of their own: all rows of a submission that still speaks for any of the days that it covers. #}
{% macro in_force(facts) -%}
    inner join (
        select distinct
            submission_id,
            la_code
        from {{ source('control', 'slices') }}
        where is_own and speaks
    ) as slices
        on {{ facts }}.submission_id = slices.submission_id
{%- endmacro %}

{# How late a return looks on what goes on for longer than a day: by the last day that it covers, then by its place. #}
{% macro as_at(slices) -%}
    cast({{ dbt.datediff("cast('2000-01-01' as date)", slices ~ '.window_end', 'day') }} as bigint) * 1000000 + {{ slices }}.place
{%- endmacro %}
