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
)

select
    assessments.submission_id,
    assessments.assessment_key,
    assessments.person_key,
    slices.la_code,
    assessments.completed_date
from assessments
{{ in_slice('assessments', 'completed_date', 'referrals') }}
