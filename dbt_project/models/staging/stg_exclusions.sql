select
    exclusions.submission_id,
    exclusions.exclusion_key,
    exclusions.pupil_key,
    slices.la_code,
    exclusions.category,
    exclusions.sessions,
    exclusions.start_date
from {{ source('raw', 'census_exclusions') }} as exclusions
{{ in_slice('exclusions', 'start_date', 'exclusions') }}
