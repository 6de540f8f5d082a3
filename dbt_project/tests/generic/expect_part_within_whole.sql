{#
    A proportion cannot be above one hundred per cent, nor any count below nothing.
    An authority's first such period names the submissions that told of it; what follows from them is only judged without them.
#}
{% test expect_part_within_whole(model) %}
with impossible as (
    select
        facts.*,
        rank() over (partition by facts.indicator, facts.area_code order by facts.period_start) as earliest_first
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
),

told as (
    select distinct
        sources.indicator,
        slices.la_code,
        slices.submission_id,
        slices.slice_start,
        slices.slice_end
    from {{ source('control', 'indicator_sources') }} as sources
    inner join {{ source('control', 'slices') }} as slices
        on sources.source = slices.source
        and slices.is_own
        and slices.speaks
)

select
    impossible.*,
    told.submission_id
from impossible
left join told
    on impossible.indicator = told.indicator
    and impossible.la_code = told.la_code
    and impossible.period_start <= told.slice_end
    and impossible.period_end >= told.slice_start
    and impossible.earliest_first = 1
{% endtest %}
