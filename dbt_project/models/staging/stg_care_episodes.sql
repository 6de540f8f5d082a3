select
    episodes.submission_id,
    episodes.person_key,
    slices.la_code,
    episodes.legal_status,
    episodes.placement_type,
    episodes.start_date,
    case when episodes.start_date > slices.slice_start then episodes.start_date else slices.slice_start end as counted_from,
    case when episodes.end_date < slices.slice_end then episodes.end_date else slices.slice_end end as counted_to
from {{ source('raw', 'care_episodes') }} as episodes
{{ in_force('episodes') }}
