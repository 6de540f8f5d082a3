-- children in short breaks alone are left out above the line as below it, and those who went missing from home
with missing_events as (
    select
        la_code,
        child_key,
        event_month,
        start_date as event_order
    from {{ ref('int_missing_episodes') }}
    where category = 'M' and not is_short_break and not is_from_home
),

counted as (
    select
        la_code,
        event_month as period_start,
        count(*) as missing_episodes,
        sum(case when end_date = start_date then 0 else 1 end) as missing_episodes_over_24_hours
    from {{ ref('int_missing_episodes') }}
    where category = 'M' and not is_short_break and not is_from_home
    group by la_code, event_month
)

select
    'missing_episodes' as measure,
    la_code,
    period_start,
    cast(missing_episodes as double) as measured
from counted
union all
select
    'missing_episodes_over_24_hours' as measure,
    la_code,
    period_start,
    cast(missing_episodes_over_24_hours as double) as measured
from counted
union all
select
    'looked_after_children' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_looked_after_months') }}
group by la_code, event_month
union all
select
    'looked_after_children_in_year' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months(ref('int_looked_after_months')) }}) as counted
union all
select
    'missing_children' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months('missing_events') }}) as counted
union all
select
    'missing_children_repeat' as measure,
    la_code,
    period_start,
    cast(children as double) as measured
from ({{ children_in_twelve_months('missing_events', 2) }}) as counted
