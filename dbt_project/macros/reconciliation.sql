{# The counts that an official one may stand for: one that its publisher withholds is from 1 to 5, one that rounds to zero at most 5. #}
{% macro lowest_official(count, marker) -%}
case when {{ marker }} = 'c' then 1 when {{ marker }} in ('k', 'low') then 0 else {{ count }} end
{%- endmacro %}

{% macro highest_official(count, marker) -%}
case when {{ marker }} in ('c', 'k', 'low') then 5 else {{ count }} end
{%- endmacro %}

{# Whether a count of ours is as near to the official one as it may be. #}
{% macro verdict(counted, official, marker, allowed) -%}
case
    when {{ counted }} between {{ lowest_official(official, marker) }} - {{ allowed }} and {{ highest_official(official, marker) }} + {{ allowed }}
        then 'agrees'
    else 'differs'
end
{%- endmacro %}
