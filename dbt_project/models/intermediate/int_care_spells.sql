-- the days of each episode of care for which a return speaks, until the end that the return which looks latest on the episode tells
with ends as (
    select
        la_code,
        person_key,
        start_date,
        max_by(coalesce(end_date, cast('2999-12-31' as date)), as_at) as end_date
    from {{ ref('stg_care_episodes') }}
    group by la_code, person_key, start_date
)

select distinct
    episodes.la_code,
    identifiers.child_key,
    episodes.is_short_break,
    case when episodes.start_date > episodes.slice_start then episodes.start_date else episodes.slice_start end as counted_from,
    case when ends.end_date < episodes.slice_end then ends.end_date else episodes.slice_end end as counted_to
from {{ ref('stg_care_episodes') }} as episodes
inner join ends
    on episodes.la_code = ends.la_code
    and episodes.person_key = ends.person_key
    and episodes.start_date = ends.start_date
    and ends.end_date >= episodes.slice_start
inner join {{ ref('int_identifiers') }} as identifiers
    on episodes.person_key = identifiers.identifier_key
