select
    la_code,
    extract,
    period_start,
    period_end,
    due_on,
    received_on,
    status,
    submission_id
from {{ ref('fct_coverage') }}
