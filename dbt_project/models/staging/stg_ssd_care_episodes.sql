-- episodes of care of the standard dataset, where legal status stands by itself: cut into parts by whether the child was in short breaks.
-- Of legal statuses that hold on the same day the one that began last counts; hardly a child has short breaks, and only theirs are cut.
with statuses as (
    select
        submission_id,
        person_key,
        legal_status in ('V3', 'V4') as is_short_break,
        start_date,
        coalesce(end_date, cast('2999-12-31' as date)) as end_date
    from {{ source('raw', 'ssd_legal_statuses') }}
),

episodes as (
    select
        episodes.submission_id,
        episodes.person_key,
        episodes.start_date,
        episodes.end_date,
        coalesce(episodes.end_date, cast('2999-12-31' as date)) as last_day,
        short_breaks.person_key is not null as has_short_breaks
    from {{ source('raw', 'ssd_care_episodes') }} as episodes
    left join (
        select distinct
            submission_id,
            person_key
        from statuses
        where is_short_break
    ) as short_breaks
        on episodes.submission_id = short_breaks.submission_id
        and episodes.person_key = short_breaks.person_key
),

changes as (
    select
        submission_id,
        person_key,
        start_date as changed_on
    from statuses
    union all
    select
        submission_id,
        person_key,
        {{ add_days('end_date', 1) }} as changed_on
    from statuses
    where end_date < cast('2999-12-31' as date)
),

begun as (
    select
        submission_id,
        person_key,
        start_date,
        end_date,
        last_day,
        start_date as part_start
    from episodes
    where has_short_breaks
    union
    select
        episodes.submission_id,
        episodes.person_key,
        episodes.start_date,
        episodes.end_date,
        episodes.last_day,
        changes.changed_on as part_start
    from episodes
    inner join changes
        on episodes.submission_id = changes.submission_id
        and episodes.person_key = changes.person_key
        and changes.changed_on > episodes.start_date
        and changes.changed_on <= episodes.last_day
    where episodes.has_short_breaks
),

parts as (
    select
        *,
        {{ add_days('lead(part_start) over (partition by submission_id, person_key, start_date, last_day order by part_start)', -1) }}
            as part_end
    from begun
),

judged as (
    select
        parts.*,
        coalesce(statuses.is_short_break, false) as is_short_break,
        row_number() over (
            partition by parts.submission_id, parts.person_key, parts.start_date, parts.last_day, parts.part_start
            order by statuses.start_date desc, statuses.is_short_break asc
        ) as newest_first
    from parts
    left join statuses
        on parts.submission_id = statuses.submission_id
        and parts.person_key = statuses.person_key
        and parts.part_start between statuses.start_date and statuses.end_date
)

select
    submission_id,
    person_key,
    is_short_break,
    start_date,
    end_date,
    part_start,
    part_end
from judged
where newest_first = 1
union all
select
    submission_id,
    person_key,
    false as is_short_break,
    start_date,
    end_date,
    start_date as part_start,
    cast(null as date) as part_end
from episodes
where not has_short_breaks
