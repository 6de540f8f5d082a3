-- How many authorities of each region are worsening by each indicator, in the newest month that was judged?
with
judged as (
    select
        trends.*,
        max(trends.period_start) over (partition by trends.indicator) as newest
    from trends
    where
        trends.source = 'extracts'
        and trends.period_type = 'month'
        and trends.area_level = 'local_authority'
        and trends.status in ('ok', 'worsening', 'improving')
)

select
    regions.area_name as region,
    indicators.name as indicator,
    judged.period_start,
    count(*) filter (where judged.status = 'worsening') as worsening,
    count(*) as judged
from judged
inner join indicators
    on judged.indicator = indicators.indicator
inner join areas
    on judged.area_code = areas.area_code
inner join areas as regions
    on areas.region_code = regions.area_code
where judged.period_start = judged.newest
group by all
order by worsening desc, region asc, indicator asc;
