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

told as (
    select
        assessments.submission_id,
        assessments.la_code,
        assessments.extract,
        assessments.is_own,
        assessments.assessment_key,
        assessments.event_key,
        assessments.has_number,
        assessments.completed_date,
        identifiers.child_key,
        identifiers.sex,
        identifiers.birth_month,
        assessments.place
    from {{ ref('stg_assessments') }} as assessments
    inner join {{ ref('int_identifiers') }} as identifiers
        on assessments.person_key = identifiers.identifier_key
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, event_key, child_key order by place desc, completed_date asc
        ) as newest_first
    from told
),

events as (
    select *
    from numbered
    where newest_first = 1
),

-- of what is named again outside the days that its return covers, the return that covers the day and told it before
told_before as (
    select
        late.submission_id,
        late.event_key,
        late.child_key,
        max(own.submission_id) as counted_in
    from events as late
    inner join numbered as own
        on late.la_code = own.la_code
        and late.event_key = own.event_key
        and late.child_key = own.child_key
        and late.completed_date = own.completed_date
    where not late.is_own and own.is_own
    group by late.submission_id, late.event_key, late.child_key
),

-- as with referrals: what another extract has told of its own days is not told late by this one
told_by_another as (
    select distinct
        late.submission_id,
        late.event_key,
        late.child_key
    from events as late
    inner join events as own
        on late.la_code = own.la_code
        and late.completed_date = own.completed_date
        and (
            (late.child_key = own.child_key and late.event_key <> own.event_key and (late.extract <> own.extract or not late.has_number))
            or (late.child_key <> own.child_key and late.event_key = own.event_key and late.has_number)
        )
    where not late.is_own and (own.is_own or own.place > late.place)
)

select
    coalesce(told_before.counted_in, events.submission_id) as counted_in,
    not events.is_own and told_before.counted_in is null as is_told_late,
    events.submission_id,
    events.la_code,
    events.child_key,
    events.event_key as assessment_key,
    events.sex,
    coalesce(factors.has_gangs_or_criminal_exploitation = 1, false) as has_gangs_or_criminal_exploitation,
    coalesce(factors.has_exploitation_screen = 1, false) as has_exploitation_screen,
    events.completed_date,
    {{ month_of('events.completed_date') }} as event_month,
    {{ age_at('events.birth_month', 'events.completed_date') }} as age
from events
left join told_before
    on events.submission_id = told_before.submission_id
    and events.event_key = told_before.event_key
    and events.child_key = told_before.child_key
left join told_by_another
    on events.submission_id = told_by_another.submission_id
    and events.event_key = told_by_another.event_key
    and events.child_key = told_by_another.child_key
left join factors
    on events.submission_id = factors.submission_id
    and events.assessment_key = factors.assessment_key
where told_by_another.submission_id is null
