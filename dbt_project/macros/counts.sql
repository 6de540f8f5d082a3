{# A figure as written in a table of counts: its number, and the symbol in its place; what was left blank is not available. #}
{% macro number_of(written) -%}
    cast(case when {{ written }} in ('c', 'k', 'low', 'u', 'x', 'z') then null else {{ written }} end as double)
{%- endmacro %}

{% macro marker_of(written) -%}
    case
        when {{ written }} is null then 'x'
        when {{ written }} in ('c', 'k', 'low', 'u', 'x', 'z') then {{ written }}
    end
{%- endmacro %}
