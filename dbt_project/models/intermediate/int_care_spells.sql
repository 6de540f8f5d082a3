-- the days of each episode of care for which a return speaks: the newest return that names the episode decides when it ended
with newest as (
    select
        *,
        max(place) over (partition by la_code, person_key, start_date) as newest_place
    from {{ ref('stg_care_episodes') }}
)

select distinct
    newest.la_code,
    identifiers.child_key,
    newest.is_short_break,
    case when newest.start_date > newest.slice_start then newest.start_date else newest.slice_start end as counted_from,
    case when newest.end_date < newest.slice_end then newest.end_date else newest.slice_end end as counted_to
from newest
inner join {{ ref('int_identifiers') }} as identifiers
    on newest.person_key = identifiers.identifier_key
where newest.place = newest.newest_place
