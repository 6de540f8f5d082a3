-- Figures of an authority stand under its newest code, as its trends do; a series that gives only its number has the code by that.
select
    vintages.series,
    vintages.measure,
    coalesce(areas.area_code, vintages.area_code) as area_code,
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
left join {{ ref('published_areas') }} as areas
    on vintages.la_code = areas.la_code
