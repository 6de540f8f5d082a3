-- the sender's own number tells a placement, whose first day may be corrected or whose child be given under another pupil number; where
-- both are others, the number was given anew, and both placements stand
with told as (
    select
        placements.submission_id,
        placements.la_code,
        placements.place,
        placements.is_own,
        placements.placement_key,
        placements.placement_reason,
        placements.entry_date,
        identifiers.child_key,
        coalesce(identifiers.birth_month, placements.birth_month) as birth_month,
        coalesce(
            identifiers.child_key, {{ dbt.datediff("cast('1990-01-01' as date)", 'placements.birth_month', 'month') }}
        ) as pupil_key
    from {{ ref('stg_ap_placements') }} as placements
    left join {{ ref('int_identifiers') }} as identifiers
        on placements.upn_key = identifiers.identifier_key
),

begun as (
    select
        *,
        row_number() over (
            partition by la_code, placement_key, entry_date
            order by place desc, pupil_key asc nulls last
        ) as newest_of_day
    from told
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, placement_key, pupil_key
            order by place desc, entry_date asc
        ) as newest_first
    from begun
    where newest_of_day = 1
),

-- of what is named again in a term in which it did not begin, the return that covers the day and told it before
told_before as (
    select
        late.submission_id,
        late.placement_key,
        late.entry_date,
        max(own.submission_id) as counted_in
    from numbered as late
    inner join told as own
        on late.la_code = own.la_code
        and late.placement_key = own.placement_key
        and late.entry_date = own.entry_date
    where late.newest_first = 1 and not late.is_own and own.is_own
    group by late.submission_id, late.placement_key, late.entry_date
)

select
    coalesce(told_before.counted_in, numbered.submission_id) as counted_in,
    not numbered.is_own and told_before.counted_in is null as is_told_late,
    numbered.submission_id,
    numbered.la_code,
    numbered.child_key,
    numbered.placement_key,
    numbered.pupil_key,
    numbered.placement_reason,
    numbered.entry_date,
    {{ month_of('numbered.entry_date') }} as event_month,
    {{ term_start('numbered.entry_date') }} as term_start,
    {{ age_at('numbered.birth_month', 'numbered.entry_date') }} as age
from numbered
left join told_before
    on numbered.submission_id = told_before.submission_id
    and numbered.placement_key = told_before.placement_key
    and numbered.entry_date = told_before.entry_date
where numbered.newest_first = 1
