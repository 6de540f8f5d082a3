-- How many authorities of each region are worsening by each indicator, in the newest month that was judged?
select
    regions.area_name as region,
    indicators.name as indicator,
    trends.period_start,
    count(*) filter (where trends.status = 'worsening') as worsening,
    count(*) as judged
from trends
inner join indicators
    on trends.indicator = indicators.indicator
inner join areas
    on trends.area_code = areas.area_code
inner join areas as regions
    on areas.region_code = regions.area_code
where
    trends.source = 'extracts'
    and trends.period_type = 'month'
    and trends.area_level = 'local_authority'
    and trends.status in ('ok', 'worsening', 'improving')
group by all
qualify trends.period_start = max(trends.period_start) over (partition by indicators.name)
order by worsening desc, region, indicator;
