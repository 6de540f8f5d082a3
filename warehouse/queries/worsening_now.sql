-- Which areas are worsening in the newest judged month, the furthest from expected first?
select
    areas.area_name,
    indicators.name,
    trends.period_start,
    trends.value,
    trends.lower,
    trends.upper,
    trends.kind
from trends
inner join indicators
    on trends.indicator = indicators.indicator
inner join areas
    on trends.area_code = areas.area_code
where trends.status = 'worsening'
qualify trends.period_start = max(trends.period_start) over (partition by trends.indicator)
order by trends.score desc nulls last, areas.area_name;
