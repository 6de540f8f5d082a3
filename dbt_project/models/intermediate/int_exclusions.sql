-- an exclusion is told by its pupil, category and first day: the number of its row is that of one census alone. A pupil without a valid
-- UPN cannot be followed from census to census; what is told late of one is taken for what was told of a pupil born in the same month.
with told as (
    select
        exclusions.submission_id,
        exclusions.la_code,
        exclusions.place,
        exclusions.is_own,
        exclusions.exclusion_key,
        exclusions.category,
        exclusions.is_for_weapon,
        exclusions.is_for_drugs_or_alcohol,
        exclusions.main_reason,
        exclusions.start_date,
        identifiers.child_key,
        coalesce(identifiers.birth_month, pupils.birth_month) as birth_month,
        coalesce(identifiers.child_key, exclusions.pupil_key + exclusions.submission_id) as pupil_key
    from {{ ref('stg_exclusions') }} as exclusions
    left join {{ ref('stg_pupils') }} as pupils
        on exclusions.submission_id = pupils.submission_id
        and exclusions.pupil_key = pupils.pupil_key
    left join {{ ref('int_identifiers') }} as identifiers
        on pupils.upn_key = identifiers.identifier_key
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, pupil_key, category, start_date
            order by place desc, exclusion_key asc
        ) as newest_first
    from told
),

-- of what is named again outside the days that its census covers, the census that covers the day and told it before
told_before as (
    select
        late.submission_id,
        late.exclusion_key,
        max(case when late.child_key = own.child_key then 1 else 0 end) = 1 as is_same_pupil,
        max(own.submission_id) as counted_in
    from numbered as late
    inner join numbered as own
        on late.la_code = own.la_code
        and late.category = own.category
        and late.start_date = own.start_date
        and late.submission_id <> own.submission_id
        and (
            (late.child_key = own.child_key and own.is_own)
            or (
                (late.child_key is null or own.child_key is null)
                and late.birth_month = own.birth_month
                and (own.is_own or own.place > late.place)
            )
        )
    where not late.is_own and late.newest_first = 1
    group by late.submission_id, late.exclusion_key
)

select
    coalesce(told_before.counted_in, numbered.submission_id) as counted_in,
    not numbered.is_own and told_before.counted_in is null as is_told_late,
    numbered.submission_id,
    numbered.la_code,
    numbered.child_key,
    numbered.pupil_key,
    numbered.category,
    numbered.is_for_weapon,
    numbered.is_for_drugs_or_alcohol,
    numbered.main_reason,
    numbered.start_date,
    {{ month_of('numbered.start_date') }} as event_month,
    {{ age_at('numbered.birth_month', 'numbered.start_date') }} as age
from numbered
left join told_before
    on numbered.submission_id = told_before.submission_id
    and numbered.exclusion_key = told_before.exclusion_key
where numbered.newest_first = 1 and coalesce(told_before.is_same_pupil, true)
