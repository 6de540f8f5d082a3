-- Whose return is missing, refused or partial for the newest periods that are due?
select
    areas.area_name,
    coverage.extract,
    coverage.period_start,
    coverage.due_on,
    coverage.status
from coverage
cross join release
inner join areas
    on coverage.la_code = areas.la_code
where
    coverage.due_on <= release.as_of
    and coverage.due_on > release.as_of - interval 4 month
    and coverage.status in ('missing', 'quarantined', 'partial')
order by coverage.extract, coverage.period_start desc, areas.area_name;
