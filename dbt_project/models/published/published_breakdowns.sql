-- Parts of what was counted in a quarter, as control.controlled_counts shows them; nothing else is told of a part. Beside them, what was
-- counted in whole years of authorities of which over a quarter of the months are small.
select
    parts.measure,
    parts.area_code,
    parts.area_level,
    parts.period_start,
    parts.period_end,
    parts.dimension,
    parts.part,
    counts.shown as counted,
    counts.marker,
    parts.months,
    parts.monthly_measure
from {{ ref('fct_breakdowns') }} as parts
inner join {{ source('control', 'controlled_counts') }} as counts
    on parts.measure = counts.measure
    and parts.area_code = counts.area_code
    and counts.period_type = 'quarter'
    and parts.period_start = counts.period_start
    and parts.dimension || ':' || parts.part = counts.breakdown
union all
select
    measure,
    area_code,
    area_level,
    period_start,
    {{ add_days(add_months('period_start', 12), '(-1)') }} as period_end,
    'whole_year' as dimension,
    'all' as part,
    shown as counted,
    marker,
    12 as months,
    measure as monthly_measure
from {{ source('control', 'controlled_counts') }}
where period_type = 'year'
