-- who shows a risk to school: permanently excluded, or suspended within twelve months of an earlier suspension, at whatever age and place
-- that was
with suspended as (
    select
        *,
        lag(start_date) over (
            partition by child_key order by start_date, la_code
        ) as previous_date
    from {{ ref('int_exclusions') }}
    where child_key is not null and category = 'SUSP'
),

exposed as (
    select
        la_code,
        child_key,
        start_date,
        age
    from suspended
    where previous_date >= {{ add_months('start_date', -12) }}
    union all
    select
        la_code,
        child_key,
        start_date,
        age
    from {{ ref('int_exclusions') }}
    where child_key is not null and category = 'PERM'
)

select distinct
    la_code,
    child_key,
    start_date as exposed_date,
    age
from exposed
where age between 10 and 17
