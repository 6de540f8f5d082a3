select
    'exposed_13_17' as measure,
    la_code,
    {{ school_year_start('exposed_date') }} as period_start,
    cast(count(distinct child_key) as double) as measured
from {{ ref('int_exposures') }}
where age between 13 and 17
group by la_code, {{ school_year_start('exposed_date') }}
