{# An official figure that an indicator counts is never below nothing or without end, nor a part above the whole that its own release gives. #}
{% test expect_figures_that_can_be(model) %}
select
    parts.submission_id,
    parts.series,
    parts.measure
from {{ model }} as parts
inner join {{ source('control', 'indicator_series') }} as series
    on parts.series = series.series
    and parts.measure = series.numerator
    and parts.series_filter = series.numerator_filter
inner join {{ source('control', 'indicators') }} as indicators
    on series.indicator = indicators.indicator
left join {{ model }} as wholes
    on indicators.kind = 'proportion'
    and parts.submission_id = wholes.submission_id
    and wholes.series = series.denominator_series
    and wholes.measure = series.denominator
    and wholes.series_filter = series.denominator_filter
    and parts.area_level = wholes.area_level
    and coalesce(parts.la_code, parts.area_code) = coalesce(wholes.la_code, wholes.area_code)
    and parts.time_period = wholes.time_period
    and parts.time_identifier = wholes.time_identifier
where parts.value < 0 or wholes.value < 0 or parts.value > wholes.value or parts.value > 1e15 or wholes.value > 1e15
{% endtest %}
