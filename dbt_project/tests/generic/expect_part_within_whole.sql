{# A proportion cannot be above one hundred per cent, nor any count below nothing. #}
{% test expect_part_within_whole(model) %}
select facts.*
from {{ model }} as facts
inner join {{ source('control', 'indicators') }} as indicators
    on facts.indicator = indicators.indicator
where facts.source = 'extracts'
    and (
        facts.numerator < 0
        or facts.denominator < 0
        or (
            indicators.kind = 'proportion'
            and facts.numerator > facts.denominator
        )
    )
{% endtest %}
