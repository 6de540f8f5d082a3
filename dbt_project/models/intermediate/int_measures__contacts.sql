select
    'contacts' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_contacts') }}
group by la_code, event_month
