select
    effective_date,
    change_type,
    la_code_from,
    la_code_to,
    share_of_predecessor
from {{ ref('area_successions') }}
