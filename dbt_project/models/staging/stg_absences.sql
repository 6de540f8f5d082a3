-- the summer term comes in two parts, its last half term apart; a blank among sessions missed is none. Since spring 2025 a census gives
-- sessions missed by attendance code alone, in tables of their own; one that gives neither tells nothing of absence
with ways as (
    select
        submission_id,
        max(
            case
                when
                    coalesce(sessions_authorised, sessions_unauthorised, late_summer_authorised, late_summer_unauthorised) is not null
                    then 1
                else 0
            end
        ) = 1 as has_totals
    from {{ source('raw', 'census_pupils') }}
    group by submission_id
),

told_by_code as (
    select distinct submission_id
    from {{ source('raw', 'census_sessions') }}
),

-- with leave, then without
missed_by_code as (
    select
        submission_id,
        pupil_key,
        cast(sum(sessions) as integer) as sessions_missed
    from {{ source('raw', 'census_sessions') }}
    where
        attendance_code in ('C', 'C1', 'C2', 'E', 'H', 'I', 'J1', 'M', 'R', 'S', 'T')
        or attendance_code in ('G', 'N', 'O', 'U')
    group by submission_id, pupil_key
),

sessions as (
    select
        pupils.submission_id,
        pupils.pupil_key,
        pupils.upn_key,
        pupils.birth_month,
        coalesce(pupils.sessions_possible, 0) + coalesce(pupils.late_summer_possible, 0) as sessions_possible,
        case
            when ways.has_totals
                then
                    coalesce(pupils.sessions_authorised, 0) + coalesce(pupils.sessions_unauthorised, 0)
                    + coalesce(pupils.late_summer_authorised, 0) + coalesce(pupils.late_summer_unauthorised, 0)
            when told_by_code.submission_id is not null then coalesce(missed_by_code.sessions_missed, 0)
        end as sessions_missed
    from {{ source('raw', 'census_pupils') }} as pupils
    inner join ways
        on pupils.submission_id = ways.submission_id
    left join told_by_code
        on pupils.submission_id = told_by_code.submission_id
    left join missed_by_code
        on pupils.submission_id = missed_by_code.submission_id
        and pupils.pupil_key = missed_by_code.pupil_key
    where pupils.sessions_possible is not null or pupils.late_summer_possible is not null
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
