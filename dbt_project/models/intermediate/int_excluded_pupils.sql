-- who shows a risk to school: permanently excluded, or suspended for at least the second time in twelve months
with ordered as (
    select
        la_code,
        child_key,
        event_month,
        category,
        start_date,
        age,
        lag(start_date) over (
            partition by child_key order by start_date, exclusion_key
        ) as previous_date
    from {{ ref('int_exclusions') }}
    where child_key is not null and age between 10 and 17 and category in ('PERM', 'SUSP')
)

select
    la_code,
    child_key,
    event_month,
    min(start_date) as exposed_date,
    min(age) as age
from ordered
where category = 'PERM' or previous_date >= {{ add_months('start_date', -12) }}
group by la_code, child_key, event_month
