select
    release.release_id,
    release.as_of,
    release.built_at,
    release.code_version,
    release.simulated,
    previous.release_id as previous_release_id,
    previous.as_of as previous_as_of
from {{ source('state', 'release') }} as release
left join {{ source('state', 'previous_release') }} as previous
    on true
