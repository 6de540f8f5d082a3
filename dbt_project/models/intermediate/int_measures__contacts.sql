select
    'contacts' as measure,
    la_code,
    {{ month_of('contact_date') }} as period_start,
    cast(count(*) as double) as measured
from {{ ref('stg_contacts') }}
group by la_code, {{ month_of('contact_date') }}
