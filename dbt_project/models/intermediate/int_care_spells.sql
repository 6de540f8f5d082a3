-- the days of each episode of care for which a return speaks, until the end that the return which looks latest on the episode tells
with episodes as (
    select
        identifiers.child_key,
        episodes.*
    from {{ ref('stg_care_episodes') }} as episodes
    inner join {{ ref('int_identifiers') }} as identifiers
        on episodes.person_key = identifiers.identifier_key
),

ends as (
    select
        la_code,
        child_key,
        start_date,
        max_by(coalesce(end_date, cast('2999-12-31' as date)), as_at) as end_date
    from episodes
    group by la_code, child_key, start_date
)

select distinct
    episodes.la_code,
    episodes.child_key,
    episodes.is_short_break,
    greatest(episodes.part_start, episodes.slice_start) as counted_from,
    least(coalesce(episodes.part_end, ends.end_date), ends.end_date, episodes.slice_end) as counted_to
from episodes
inner join ends
    on episodes.la_code = ends.la_code
    and episodes.child_key = ends.child_key
    and episodes.start_date = ends.start_date
    and ends.end_date >= greatest(episodes.part_start, episodes.slice_start)
