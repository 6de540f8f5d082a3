select
    areas.area_code,
    areas.la_code,
    areas.area_name,
    areas.area_level,
    areas.region_code,
    areas.sub_region_code,
    areas.valid_from,
    areas.valid_to,
    hexagons.hex_column,
    hexagons.hex_row
from {{ ref('areas') }} as areas
left join {{ ref('area_hexagons') }} as hexagons
    on areas.la_code = hexagons.la_code
