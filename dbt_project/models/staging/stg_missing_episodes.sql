select
    episodes.submission_id,
    episodes.person_key,
    slices.la_code,
    episodes.category,
    episodes.start_date,
    episodes.end_date
from {{ source('raw', 'missing_episodes') }} as episodes
{{ in_force('episodes') }}
