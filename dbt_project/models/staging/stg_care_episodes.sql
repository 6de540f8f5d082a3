-- as often as it was returned; what of it counts is for the days of which its return speaks, none of them after those that it covers
with episodes as (
    select
        submission_id,
        person_key,
        coalesce(legal_status in ('V3', 'V4'), false) as is_short_break,
        start_date,
        end_date,
        start_date as part_start,
        cast(null as date) as part_end
    from {{ source('raw', 'care_episodes') }}
    union all
    select
        submission_id,
        person_key,
        is_short_break,
        start_date,
        end_date,
        part_start,
        part_end
    from {{ ref('stg_ssd_care_episodes') }}
)

select
    episodes.submission_id,
    episodes.person_key,
    slices.la_code,
    {{ as_at('slices') }} as as_at,
    episodes.is_short_break,
    episodes.start_date,
    episodes.end_date,
    episodes.part_start,
    episodes.part_end,
    slices.slice_start,
    slices.slice_end
from episodes
inner join {{ source('control', 'slices') }} as slices
    on episodes.submission_id = slices.submission_id
    and slices.source = 'missing'
    and slices.speaks
    and slices.slice_start <= slices.window_end
    and episodes.part_start <= slices.slice_end
    and coalesce(episodes.part_end, episodes.end_date, slices.slice_end) >= slices.slice_start
