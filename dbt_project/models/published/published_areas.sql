select
    area_code,
    la_code,
    area_name,
    area_level,
    region_code,
    sub_region_code,
    valid_from,
    valid_to,
    hex_column,
    hex_row
from {{ ref('dim_areas') }}
