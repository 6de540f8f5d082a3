-- a list names no contact by a number: the newest that tells of a child's contacts on a day tells them all
with told as (
    select
        *,
        max(place) over (partition by la_code, person_key, contact_date) as newest_place
    from {{ ref('stg_contacts') }}
)

select
    submission_id,
    la_code,
    is_own,
    person_key,
    contact_date,
    {{ month_of('contact_date') }} as event_month
from told
where place = newest_place
