with factors as (
    select
        submission_id,
        assessment_key,
        max(case when is_gangs or is_criminal_exploitation then 1 else 0 end) as has_gangs_or_criminal_exploitation,
        max(case when is_exploitation_screen then 1 else 0 end) as has_exploitation_screen
    from {{ ref('stg_assessment_factors') }}
    where is_exploitation_screen
    group by submission_id, assessment_key
),

numbered as (
    select
        submission_id,
        assessment_key,
        person_key,
        la_code,
        completed_date,
        row_number() over (
            partition by la_code, assessment_key order by submission_id desc, completed_date asc
        ) as newest_first
    from {{ ref('stg_assessments') }}
)

select
    assessments.la_code,
    identities.child_key,
    assessments.assessment_key,
    children.sex,
    coalesce(factors.has_gangs_or_criminal_exploitation = 1, false) as has_gangs_or_criminal_exploitation,
    coalesce(factors.has_exploitation_screen = 1, false) as has_exploitation_screen,
    assessments.completed_date,
    {{ month_of('assessments.completed_date') }} as event_month,
    {{ age_at('children.birth_month', 'assessments.completed_date') }} as age
from numbered as assessments
inner join {{ source('control', 'identities') }} as identities
    on assessments.person_key = identities.identifier_key
left join {{ ref('int_children') }} as children
    on identities.child_key = children.child_key
left join factors
    on assessments.submission_id = factors.submission_id
    and assessments.assessment_key = factors.assessment_key
where assessments.newest_first = 1
