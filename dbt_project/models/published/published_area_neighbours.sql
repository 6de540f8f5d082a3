select
    la_code,
    rank,
    neighbour_la_code,
    closeness,
    'Department for Education, statistical neighbours of children''s services, 2025' as source
from {{ ref('statistical_neighbours') }}
