select
    episodes.submission_id,
    episodes.person_key,
    slices.la_code,
    slices.place,
    slices.is_own,
    episodes.category,
    episodes.start_date,
    episodes.end_date
from {{ source('raw', 'missing_episodes') }} as episodes
{{ in_slice('episodes', 'start_date', 'missing') }}
