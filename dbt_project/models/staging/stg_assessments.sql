with assessments as (
    select
        submission_id,
        assessment_key,
        person_key,
        completed_date
    from {{ source('raw', 'ssd_assessments') }}
    union all
    select
        submission_id,
        assessment_key,
        person_key,
        completed_date
    from {{ source('raw', 'cin_assessments') }}
    union all
    select
        submission_id,
        {{ keyed_by_day('person_key', 'start_date') }} as assessment_key,
        person_key,
        completed_date
    from {{ source('raw', 'annex_a_assessments') }}
)

select
    assessments.submission_id,
    assessments.assessment_key,
    assessments.person_key,
    slices.la_code,
    assessments.completed_date
from assessments
{{ in_slice('assessments', 'completed_date', 'front_door') }}
