-- One row an area, under its newest code, so that a join repeats nothing; former authorities stay, so that it loses nothing. A former
-- one that shares its name with another area is told apart by the year in which it ended.
with
ranked as (
    select
        *,
        row_number() over (partition by coalesce(la_code, area_code) order by valid_from desc) as newest_first
    from {{ ref('dim_areas') }}
),

named as (
    select
        *,
        count(*) over (partition by area_name) as namesakes
    from ranked
    where newest_first = 1
)

select
    area_code,
    la_code,
    case
        when valid_to is not null and namesakes > 1 then area_name || ' (until ' || year(valid_to) || ')'
        else area_name
    end as area_name,
    area_level,
    region_code,
    sub_region_code,
    valid_to as ended_on,
    hex_column,
    hex_row
from named
