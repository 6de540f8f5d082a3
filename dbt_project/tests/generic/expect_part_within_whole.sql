{# A share cannot be above one hundred per cent, nor any count below nothing; a population and a usual level are no wholes. #}
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
            not indicators.denominator_is_population
            and indicators.unit like 'per cent of%'
            and indicators.denominator <> 'usual_referrals'
            and facts.numerator > facts.denominator
        )
    )
{% endtest %}
