-- an assessment of the census is told by its referral and its first day: its place in the file is that of one census alone
with assessments as (
    select
        submission_id,
        assessment_key,
        assessment_key as event_key,
        person_key,
        completed_date,
        true as has_number
    from {{ source('raw', 'ssd_assessments') }}
    union all
    select
        submission_id,
        assessment_key,
        {{ keyed_by_day('referral_key', 'coalesce(start_date, completed_date)') }} as event_key,
        person_key,
        completed_date,
        false as has_number
    from {{ source('raw', 'cin_assessments') }}
    union all
    select
        submission_id,
        {{ keyed_by_day('person_key', 'start_date') }} as assessment_key,
        {{ keyed_by_day('person_key', 'start_date') }} as event_key,
        person_key,
        completed_date,
        false as has_number
    from {{ source('raw', 'annex_a_assessments') }}
)

select
    assessments.submission_id,
    assessments.assessment_key,
    assessments.event_key,
    assessments.person_key,
    assessments.has_number,
    slices.la_code,
    slices.extract,
    slices.place,
    slices.is_own,
    assessments.completed_date
from assessments
{{ in_slice('assessments', 'completed_date', 'front_door', numbered='assessments.has_number') }}
