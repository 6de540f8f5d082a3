{# Joins facts to the days for which their submission is in force as a source; rows dated outside them belong to another submission. #}
{% macro in_slice(facts, date_column, told) -%}
    inner join {{ source('control', 'slices') }} as slices
        on {{ facts }}.submission_id = slices.submission_id
        and slices.source = '{{ told }}'
        and {{ facts }}.{{ date_column }} between slices.slice_start and slices.slice_end
{%- endmacro %}

{# The same for facts that carry no date of their own: all rows of a submission that is in force anywhere. #}
{% macro in_force(facts) -%}
    inner join (
        select
            submission_id,
            la_code,
            min(slice_start) as slice_start,
            max(slice_end) as slice_end
        from {{ source('control', 'slices') }}
        group by submission_id, la_code
    ) as slices
        on {{ facts }}.submission_id = slices.submission_id
{%- endmacro %}
