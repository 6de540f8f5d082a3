-- the summer term comes in two parts, its last half term apart; a blank among sessions missed is none
with sessions as (
    select
        submission_id,
        pupil_key,
        upn_key,
        birth_month,
        coalesce(sessions_possible, 0) + coalesce(late_summer_possible, 0) as sessions_possible,
        coalesce(sessions_authorised, 0) + coalesce(sessions_unauthorised, 0)
        + coalesce(late_summer_authorised, 0) + coalesce(late_summer_unauthorised, 0) as sessions_missed
    from {{ source('raw', 'census_pupils') }}
    where sessions_possible is not null or late_summer_possible is not null
)

select
    sessions.submission_id,
    sessions.pupil_key,
    sessions.upn_key,
    slices.la_code,
    sessions.birth_month,
    sessions.sessions_possible,
    sessions.sessions_missed,
    slices.slice_start as term_start,
    slices.slice_end as term_end
from sessions
inner join {{ source('control', 'slices') }} as slices
    on sessions.submission_id = slices.submission_id
    and slices.source = 'absence'
    and slices.is_own
    and slices.speaks
where sessions.sessions_possible > 0 and sessions.sessions_missed <= sessions.sessions_possible
