-- How far the figures of one indicator can be relied upon in an area, over the year to the newest month that it is known for. An area
-- that has authorities stands in the middle of theirs, part by part; one that sends other returns, and none that tell the indicator,
-- counts there as one whose returns have not come.
with placed as (
    select
        facts.*,
        areas.area_code
    from {{ ref('fct_indicator_confidence') }} as facts
    inner join {{ ref('published_areas') }} as authorities
        on facts.la_code = authorities.la_code
        and authorities.ended_on is null
    inner join {{ ref('published_areas') }} as areas
        on areas.area_code in (authorities.area_code, authorities.region_code, authorities.sub_region_code)
        or areas.area_level = 'country'
),

whole as (
    select
        area_code,
        count(distinct la_code) as authorities
    from placed
    group by area_code
),

shares as (
    select
        placed.indicator,
        placed.area_code,
        placed.period_start,
        placed.period_end,
        sum(placed.completeness) / max(whole.authorities) as completeness,
        avg(placed.timeliness) as timeliness,
        avg(placed.validity) as validity,
        avg(placed.linkage) as linkage
    from placed
    inner join whole
        on placed.area_code = whole.area_code
    group by placed.indicator, placed.area_code, placed.period_start, placed.period_end
)

select
    indicator,
    area_code,
    period_start,
    period_end,
    {{ confidence_level('completeness * timeliness * validity * linkage') }} as level,
    {{ worst_part() }} as worst_part
from shares
