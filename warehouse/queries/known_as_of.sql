-- What was official on a given day? The newest release of each figure up to then.
select
    series,
    measure,
    time_period,
    breakdown,
    value,
    marker,
    released_on
from series_vintages
where
    area_level = 'country'
    and released_on <= date '2026-01-31'
qualify row_number() over (
    partition by series, measure, area_code, time_period, time_identifier, breakdown
    order by released_on desc
) = 1
order by series, measure, time_period, breakdown;
