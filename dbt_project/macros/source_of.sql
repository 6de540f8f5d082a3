{# What an extract is a source of; indicators name their sources by these words. #}
{% macro source_of(extract) -%}
    case
        when {{ extract }} in ('ssd', 'cin_census') then 'referrals'
        when {{ extract }} = 'school_census' then 'exclusions'
        when {{ extract }} = 'ssda903' then 'missing'
    end
{%- endmacro %}
