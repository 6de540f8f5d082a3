with children as (
    select
        submission_id,
        person_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', 'ssd_persons') }}
    union all
    {% for list in ['annex_a_contacts', 'annex_a_referrals', 'annex_a_assessments'] %}
    select
        submission_id,
        person_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', list) }}
    union all
    {% endfor %}
    select
        submission_id,
        person_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', 'cin_children') }}
    union all
    select
        submission_id,
        person_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', 'care_children') }}
    union all
    select
        submission_id,
        upn_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', 'census_pupils') }}
    where upn_key is not null
    union all
    select
        submission_id,
        upn_key as identifier_key,
        sex,
        birth_month
    from {{ source('raw', 'ap_placements') }}
    where upn_key is not null
)

select
    submissions.sender,
    submissions.place,
    children.identifier_key,
    children.sex,
    children.birth_month
from children
inner join {{ source('control', 'submissions') }} as submissions
    on children.submission_id = submissions.submission_id
