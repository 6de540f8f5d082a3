-- episodes that begin on one day and end on different ones are several; one told open is the same as its version with an end. Some
-- returns tell of children missing from home as well: from care are those of children in care on the first day.
with told as (
    select distinct
        episodes.submission_id,
        episodes.extract,
        episodes.may_be_from_home,
        episodes.la_code,
        episodes.place,
        episodes.is_own,
        identifiers.child_key,
        identifiers.birth_month,
        episodes.category,
        episodes.start_date,
        episodes.end_date
    from {{ ref('stg_missing_episodes') }} as episodes
    inner join {{ ref('int_identifiers') }} as identifiers
        on episodes.person_key = identifiers.identifier_key
),

closed_elsewhere as (
    select distinct
        still_open.submission_id,
        still_open.la_code,
        still_open.is_own,
        still_open.child_key,
        still_open.category,
        still_open.start_date
    from told as still_open
    inner join told as closed
        on still_open.la_code = closed.la_code
        and still_open.child_key = closed.child_key
        and still_open.category = closed.category
        and still_open.start_date = closed.start_date
    left join told as beside
        on still_open.submission_id = beside.submission_id
        and still_open.child_key = beside.child_key
        and still_open.category = beside.category
        and still_open.start_date = beside.start_date
        and closed.end_date = beside.end_date
    where still_open.end_date is null and closed.end_date is not null and beside.end_date is null
),

kept as (
    select told.*
    from told
    left join closed_elsewhere
        on told.submission_id = closed_elsewhere.submission_id
        and told.child_key = closed_elsewhere.child_key
        and told.category = closed_elsewhere.category
        and told.start_date = closed_elsewhere.start_date
        and told.end_date is null
    where closed_elsewhere.submission_id is null
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, child_key, category, start_date, end_date order by place desc
        ) as newest_first
    from kept
),

-- of what is named again outside the days that its return covers, the return that covers the day and told it before, open or ended
merged as (
    select
        *,
        row_number() over (
            partition by la_code, child_key, category, start_date order by submission_id
        ) as number
    from (
        select
            submission_id,
            la_code,
            child_key,
            category,
            start_date
        from closed_elsewhere
        where is_own
        union all
        select
            submission_id,
            la_code,
            child_key,
            category,
            start_date
        from numbered
        where is_own and newest_first > 1
    ) as told_again
),

late as (
    select
        *,
        row_number() over (
            partition by la_code, child_key, category, start_date order by end_date nulls last
        ) as number
    from numbered
    where not is_own and newest_first = 1
),

told_before as (
    select
        late.submission_id,
        late.child_key,
        late.category,
        late.start_date,
        late.end_date,
        merged.submission_id as counted_in
    from late
    inner join merged
        on late.la_code = merged.la_code
        and late.child_key = merged.child_key
        and late.category = merged.category
        and late.start_date = merged.start_date
        and late.number = merged.number
),

-- of what an extract names outside its days, though another extract covers the day and tells as many of the child, however they end
told_by_another as (
    select
        late.submission_id,
        late.child_key,
        late.category,
        late.start_date,
        late.end_date
    from (
        select
            late.*,
            row_number() over (
                partition by late.extract, late.la_code, late.child_key, late.start_date order by late.category, late.end_date nulls last
            ) as number_of_day
        from late
        left join told_before
            on late.submission_id = told_before.submission_id
            and late.child_key = told_before.child_key
            and late.category = told_before.category
            and late.start_date = told_before.start_date
            and late.end_date is not distinct from told_before.end_date
        where told_before.submission_id is null
    ) as late
    inner join (
        select
            extract,
            la_code,
            child_key,
            start_date,
            count(*) as episodes
        from numbered
        where is_own and newest_first = 1
        group by extract, la_code, child_key, start_date
    ) as covering
        on late.extract <> covering.extract
        and late.la_code = covering.la_code
        and late.child_key = covering.child_key
        and late.start_date = covering.start_date
        and late.number_of_day <= covering.episodes
),

-- in care on the day on which it began, in short breaks alone or otherwise
in_care as (
    select
        episodes.la_code,
        episodes.child_key,
        episodes.start_date,
        min(case when spells.is_short_break then 1 else 0 end) = 1 as is_short_break
    from numbered as episodes
    inner join {{ ref('int_care_spells') }} as spells
        on episodes.la_code = spells.la_code
        and episodes.child_key = spells.child_key
        and episodes.start_date between spells.counted_from and spells.counted_to
    where episodes.newest_first = 1
    group by episodes.la_code, episodes.child_key, episodes.start_date
)

select
    coalesce(told_before.counted_in, numbered.submission_id) as counted_in,
    not numbered.is_own and told_before.counted_in is null as is_told_late,
    numbered.submission_id,
    numbered.la_code,
    numbered.child_key,
    numbered.category,
    numbered.start_date,
    numbered.end_date,
    {{ month_of('numbered.start_date') }} as event_month,
    {{ age_at('numbered.birth_month', 'numbered.start_date') }} as age,
    coalesce(in_care.is_short_break, false) as is_short_break,
    numbered.may_be_from_home and in_care.child_key is null as is_from_home
from numbered
left join told_before
    on numbered.submission_id = told_before.submission_id
    and numbered.child_key = told_before.child_key
    and numbered.category = told_before.category
    and numbered.start_date = told_before.start_date
    and numbered.end_date is not distinct from told_before.end_date
left join told_by_another
    on numbered.submission_id = told_by_another.submission_id
    and numbered.child_key = told_by_another.child_key
    and numbered.category = told_by_another.category
    and numbered.start_date = told_by_another.start_date
    and numbered.end_date is not distinct from told_by_another.end_date
left join in_care
    on numbered.la_code = in_care.la_code
    and numbered.child_key = in_care.child_key
    and numbered.start_date = in_care.start_date
where numbered.newest_first = 1 and told_by_another.submission_id is null
