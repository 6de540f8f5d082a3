-- a list names no contact by a number: the newest that tells of a child's contacts on a day tells them all
with told as (
    select
        *,
        max(place) over (partition by la_code, person_key, contact_date) as newest_place,
        max(case when is_own then 1 else 0 end) over (partition by la_code, person_key, contact_date) as own
    from {{ ref('stg_contacts') }}
)

select
    submission_id as counted_in,
    not is_own and own = 0 as is_told_late,
    submission_id,
    la_code,
    person_key,
    contact_date,
    {{ month_of('contact_date') }} as event_month
from told
where place = newest_place
