-- Codes were introduced on 1 April 2009; official figures of the years before stand under the same codes.
{% set introduced, first_year = "date '2009-04-01'", "date '1998-04-01'" %}
select
    area_code,
    first_value(area_code) over (
        partition by coalesce(la_code, area_code) order by valid_from desc
    ) as current_area_code,
    la_code,
    area_name,
    area_level,
    case when valid_from = {{ introduced }} then {{ first_year }} else valid_from end as valid_from,
    valid_to
from {{ ref('dim_areas') }}
