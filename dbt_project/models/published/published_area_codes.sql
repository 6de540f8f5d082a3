-- figures_from and figures_to part all time among the codes of an area, so that a join by date gives every figure one code: series
-- go back beyond the day on which an authority or its code began, and a year ends after an authority did.
select
    area_code,
    first_value(area_code) over newest_first as current_area_code,
    la_code,
    area_name,
    area_level,
    valid_from,
    valid_to,
    case
        when row_number() over oldest_first = 1 then date '1900-01-01'
        else valid_from
    end as figures_from,
    coalesce(
        cast(lead(valid_from) over oldest_first - interval 1 day as date),
        date '9999-12-31'
    ) as figures_to
from {{ ref('dim_areas') }}
window
    newest_first as (partition by coalesce(la_code, area_code) order by valid_from desc),
    oldest_first as (partition by coalesce(la_code, area_code) order by valid_from asc)
