select
    release_id,
    as_of,
    built_at,
    code_version,
    simulated
from {{ source('state', 'release') }}
