select
    la_code,
    with_la_code
from {{ ref('joint_returns') }}
