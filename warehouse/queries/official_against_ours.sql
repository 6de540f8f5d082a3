-- Do our own counts add up to the official ones? Each official year of which every month is covered, the largest difference first.
-- A year that is covered in part says nothing: ask reconciliation for months_covered and reason.
select
    indicators.name as indicator,
    areas.area_name,
    reconciliation.period_type,
    reconciliation.period_start,
    reconciliation.official,
    reconciliation.counted,
    round(100 * reconciliation.counted / nullif(reconciliation.official, 0), 1) as per_cent_of_official,
    reconciliation.months_covered,
    reconciliation.verdict
from reconciliation
inner join indicators
    on reconciliation.indicator = indicators.indicator
inner join areas
    on reconciliation.area_code = areas.area_code
where reconciliation.verdict <> 'not_comparable' and reconciliation.months_covered = 12
order by
    abs(reconciliation.difference) / nullif(reconciliation.official, 0) desc nulls last,
    indicators.name,
    areas.area_name,
    reconciliation.period_start;
