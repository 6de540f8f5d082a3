-- as often as it was returned; what of it counts is for the days of which its return speaks, none of them after those that it covers
select
    episodes.submission_id,
    episodes.person_key,
    slices.la_code,
    {{ as_at('slices') }} as as_at,
    coalesce(episodes.legal_status in ('V3', 'V4'), false) as is_short_break,
    episodes.start_date,
    episodes.end_date,
    slices.slice_start,
    slices.slice_end
from {{ source('raw', 'care_episodes') }} as episodes
inner join {{ source('control', 'slices') }} as slices
    on episodes.submission_id = slices.submission_id
    and slices.source = 'missing'
    and slices.speaks
    and slices.slice_start <= slices.window_end
    and episodes.start_date <= slices.slice_end
    and coalesce(episodes.end_date, slices.slice_end) >= slices.slice_start
