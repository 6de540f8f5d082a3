{# How far figures can be relied upon, in three steps. Of 153 simulated authorities in a month the middle one stood at 96 per cent, the lowest in twenty at 88: a late return or two in a year is high, a missing one of several medium, and low is what is seldom seen. #}
{% macro confidence_level(share) -%}
{% set high, medium = 90, 75 -%}
case
    when {{ figure('100 * ' ~ share, 0) }} >= {{ high }} then 'high'
    when {{ figure('100 * ' ~ share, 0) }} >= {{ medium }} then 'medium'
    else 'low'
end
{%- endmacro %}

{# The lowest of the four shares; none where all are whole. #}
{% macro worst_part() -%}
case
    when least(completeness, timeliness, validity, linkage) = 1 then null
    when completeness <= least(timeliness, validity, linkage) then 'completeness'
    when timeliness <= least(validity, linkage) then 'timeliness'
    when validity <= linkage then 'validity'
    else 'linkage'
end
{%- endmacro %}
