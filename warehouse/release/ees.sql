-- Trends of one time basis in the shape of explore education statistics; {time_period} and {time_identifier} are written by the caller.
create view published.ees_{period_type} as
with
places as (
    select
        area_code,
        max(la_code) as la_code,
        max(area_name) as area_name,
        max(region_code) as region_code
    from published.areas
    group by area_code
)

select
    {time_period} as time_period,
    {time_identifier} as time_identifier,
    case trends.area_level
        when 'country' then 'National'
        when 'region' then 'Regional'
        when 'sub_region' then 'Regional'
        else 'Local authority'
    end as geographic_level,
    'E92000001' as country_code,
    'England' as country_name,
    case when trends.area_level = 'sub_region' then trends.area_code else regions.area_code end
        as region_code,
    case when trends.area_level = 'sub_region' then places.area_name else regions.area_name end
        as region_name,
    trends.la_code as old_la_code,
    case when trends.area_level = 'local_authority' then trends.area_code end as new_la_code,
    case when trends.area_level = 'local_authority' then places.area_name end as la_name,
    trends.source,
    case when trends.breakdown = 'total' then 'Total' else trends.breakdown end as breakdown,
    trends.indicator,
    coalesce(format('{{}}', trends.numerator), trends.marker) as numerator,
    coalesce(format('{{}}', trends.denominator), trends.marker) as denominator,
    coalesce(format('{{}}', trends.value), trends.marker) as value,
    trends.status
from published.trends as trends
inner join places
    on trends.area_code = places.area_code
left join places as regions
    on places.region_code = regions.area_code
where trends.period_type = '{period_type}'
