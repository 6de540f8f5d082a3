select
    estimate,
    year,
    value,
    lower,
    upper,
    known,
    population,
    unit,
    source,
    note
from {{ ref('estimates') }}
