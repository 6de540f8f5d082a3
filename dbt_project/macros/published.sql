{# What leaves is rounded, so that the same figures give the same release; a number without end is none. #}
{% macro figure(column, decimals) -%}
case when isfinite({{ column }}) then round({{ column }}, {{ decimals }}) end
{%- endmacro %}

{# Numbers of records of a small authority would be a count of children: to the next ten, and at least ten where there is one. #}
{% macro rounded(column) -%}
case when {{ column }} = 0 then 0 when {{ column }} < 15 then 10 else cast(round({{ column }} / 10) * 10 as integer) end
{%- endmacro %}
