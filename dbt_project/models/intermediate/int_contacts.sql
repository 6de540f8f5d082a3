-- a list names no contact by a number: the one that covers the day tells all of a child's contacts on it, else the newest that tells of any
with ranked as (
    select
        *,
        rank() over (
            partition by la_code, person_key, contact_date order by case when is_own then 0 else 1 end, place desc
        ) as newest_first
    from {{ ref('stg_contacts') }}
)

select
    submission_id as counted_in,
    not is_own as is_told_late,
    submission_id,
    la_code,
    person_key,
    contact_date,
    {{ month_of('contact_date') }} as event_month
from ranked
where newest_first = 1
