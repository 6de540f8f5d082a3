-- looked-after children with at least their second missing episode in twelve months
with ordered as (
    select
        la_code,
        child_key,
        event_month,
        start_date,
        lag(start_date) over (partition by la_code, child_key order by start_date) as previous_date
    from {{ ref('int_missing_episodes') }}
    where category = 'M' and not is_from_home
),

exposures as (
    select
        la_code,
        child_key,
        event_month,
        min(start_date) as exposed_date
    from ordered
    where previous_date >= {{ add_months('start_date', -12) }}
    group by la_code, child_key, event_month
),

events as (
    select
        la_code,
        child_key,
        event_month,
        exposed_date as event_date,
        2 as event_kind,
        cast(null as date) as screened_date
    from exposures
    union all
    select
        la_code,
        child_key,
        event_month,
        completed_date as event_date,
        1 as event_kind,
        completed_date as screened_date
    from {{ ref('int_assessments') }}
    where has_exploitation_screen
),

judged as (
    select
        la_code,
        child_key,
        event_month,
        event_date as exposed_date,
        event_kind,
        max(screened_date) over (
            partition by la_code, child_key order by event_date, event_kind
            rows between unbounded preceding and current row
        ) as last_screened_date,
        min(screened_date) over (
            partition by la_code, child_key order by event_date, event_kind
            rows between current row and unbounded following
        ) as next_screened_date
    from events
)

select
    la_code,
    child_key,
    event_month,
    exposed_date,
    coalesce(last_screened_date >= {{ add_days('exposed_date', -90) }}, false)
    or coalesce(next_screened_date <= {{ add_days('exposed_date', 90) }}, false) as is_assessed
from judged
where event_kind = 2
