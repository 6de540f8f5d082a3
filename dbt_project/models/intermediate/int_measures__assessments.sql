with identified as (
    select
        la_code,
        child_key,
        event_month,
        age,
        sex,
        0 as event_order
    from {{ ref('int_assessments') }}
    where has_gangs_or_criminal_exploitation and age between 10 and 17
),

identified_months as (
    select
        la_code,
        child_key,
        event_month,
        event_order,
        min(age) as age,
        min(sex) as sex
    from identified
    group by la_code, child_key, event_month, event_order
)

select
    'exploitation_assessments' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_assessments') }}
where has_gangs_or_criminal_exploitation
group by la_code, event_month
union all
select
    'identified_children' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months('identified_months') }}) as counted
union all
select
    'identified_girls' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months("(select * from identified_months where sex = 'F')") }}) as counted
union all
select
    'identified_under_14' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months('(select * from identified_months where age < 14)') }}) as counted
