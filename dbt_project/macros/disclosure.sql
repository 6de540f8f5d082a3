{# An indicator in its unit, from the counts above and below the line; `indicators` is the relation with its scale. #}
{% macro indicator_value(numerator, denominator, indicators='indicators') -%}
{{ numerator }} / nullif({{ denominator }}, 0) * {{ unit_of_value(indicators) }}
{%- endmacro %}

{# What one counted event is in the unit, for a denominator of one. #}
{% macro unit_of_value(indicators='indicators') -%}
{{ indicators }}.scale * case when {{ indicators }}.annualise then 12 else 1 end
{%- endmacro %}

{# A probability leaves as the upper end of its band: an exact one would give the count back. #}
{% macro band(probability) -%}
case when {{ probability }} <= 0.001 then 0.001 when {{ probability }} <= 0.01 then 0.01 when {{ probability }} <= 0.1 then 0.1 when {{ probability }} <= 1 then 1 end
{%- endmacro %}

{# The band of the probability of a standard normal score or a larger one. #}
{% macro band_of_score(score) -%}
case when {{ score }} >= 3.0902 then 0.001 when {{ score }} >= 2.3263 then 0.01 when {{ score }} >= 1.2816 then 0.1 when {{ score }} is not null then 1 end
{%- endmacro %}

{# The standard normal score that is exceeded with a probability, to 0.00045 (Abramowitz and Stegun 1964, 26.2.23). #}
{% macro score_of(probability) -%}
case
    when {{ probability }} <= 0.5 then {{ _upper_score(probability) }}
    else -{{ _upper_score('1 - ' ~ probability) }}
end
{%- endmacro %}

{% macro _upper_score(probability) -%}
{%- set t = 'sqrt(-2 * ln(greatest(' ~ probability ~ ', 1e-30)))' -%}
({{ t }} - (2.515517 + 0.802853 * {{ t }} + 0.010328 * {{ t }} * {{ t }})
/ (1 + 1.432788 * {{ t }} + 0.189269 * {{ t }} * {{ t }} + 0.001308 * {{ t }} * {{ t }} * {{ t }}))
{%- endmacro %}

{# A share near none or near all of fewer than a thousand is told as one (low or high): it would say of nearly each of them what they are.
   Of more, the smaller side may still be fifty and more, and whole indicators, severe absence among them, lie below 5 per cent. #}
{% macro code_of_share(share, whole) -%}
case when {{ whole }} < 1000 and {{ share }} < 5 then 'low' when {{ whole }} < 1000 and {{ share }} > 95 then 'high' end
{%- endmacro %}

{# A whole count to the nearest multiple of the base; in the middle of two, up: see `rounded` in warehouse/release/disclosure.py. #}
{% macro to_base(count, base) -%}
floor(({{ count }} + floor({{ base }} / 2.0)) / {{ base }}) * {{ base }}
{%- endmacro %}

{# A published figure and the judgement on it as JSON; none where the figure is not shown. What was expected stands beside a figure that lies
   to the side that `direction` says, and the range beside one that lies beyond it: several periods can stand out of which none does alone. #}
{% macro evidence_of(trends, direction) -%}
{%- set worse = 'case ' ~ direction ~ " when 'up' then 1 else -1 end" -%}
{%- set is_on_its_side = worse ~ ' * (' ~ trends ~ '.value - ' ~ trends ~ '.expected) > 0' -%}
{%- set is_beyond = 'case ' ~ direction ~ " when 'up' then " ~ trends ~ '.value > ' ~ trends ~ '.upper else ' ~ trends ~ '.value < ' ~ trends ~ '.lower end' -%}
case
    when {{ trends }}.value is not null
        then cast(
            json_object(
                'value', {{ trends }}.value,
                'expected', case when {{ is_on_its_side }} then {{ trends }}.expected end,
                'lower', case when {{ is_beyond }} then {{ trends }}.lower end,
                'upper', case when {{ is_beyond }} then {{ trends }}.upper end,
                'kind', {{ trends }}.kind
            ) as varchar
        )
end
{%- endmacro %}

{# Whether a row of `trends` has a withheld count and a judgement that is not told: whatever an alert says of it must not tell it. #}
{% macro is_untold(trends) -%}
    coalesce({{ trends }}.marker in ('c', 'low') and {{ trends }}.status is distinct from 'worsening', false)
{%- endmacro %}
