select
    series,
    measure,
    area_code,
    la_code,
    area_level,
    time_period,
    time_identifier,
    period_type,
    period_start,
    period_end,
    breakdown,
    released_on,
    value,
    marker,
    is_latest,
    is_revised
from {{ ref('fct_series_vintages') }}
