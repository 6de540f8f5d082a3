-- Figures of an authority stand under its newest code, as its trends do; a series that gives only its number has the code by that.
with codes as ({{ newest_area_codes() }})

select
    vintages.series,
    vintages.measure,
    coalesce(codes.area_code, vintages.area_code) as area_code,
    vintages.la_code,
    vintages.area_level,
    vintages.time_period,
    vintages.time_identifier,
    vintages.period_type,
    vintages.period_start,
    vintages.period_end,
    vintages.breakdown,
    vintages.released_on,
    vintages.value,
    vintages.marker,
    vintages.is_latest,
    vintages.is_revised
from {{ ref('fct_series_vintages') }} as vintages
left join codes
    on vintages.la_code = codes.la_code
