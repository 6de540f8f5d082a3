-- a pupil counts once a month, as it stands on the first day on which the risk shows
with excluded as (
    select
        la_code,
        event_month,
        child_key,
        min_by(is_known or is_referred_after, exposed_date) as is_seen
    from {{ ref('int_exposures') }}
    where exposure = 'exclusion'
    group by la_code, event_month, child_key
)

select
    'excluded_pupils' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from excluded
group by la_code, event_month
union all
select
    'excluded_pupils_not_known' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from excluded
where not is_seen
group by la_code, event_month
union all
select
    'repeat_missing_children' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_repeat_missing_children') }}
group by la_code, event_month
union all
select
    'repeat_missing_children_not_assessed' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_repeat_missing_children') }}
where not is_assessed
group by la_code, event_month
union all
select
    'multi_exposed_children' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_multi_exposed_children') }}
group by la_code, event_month
union all
select
    'multi_exposed_children_not_known' as measure,
    la_code,
    event_month as period_start,
    cast(count(*) as double) as measured
from {{ ref('int_multi_exposed_children') }}
where not is_known
group by la_code, event_month
