-- How far an authority's figures of a month can be relied upon, in three steps, and the part that is worst.
select
    la_code,
    period_start,
    {{ confidence_level('confidence') }} as level,
    {{ worst_part() }} as worst_part
from {{ ref('fct_data_confidence') }}
