-- the newest test of each indicator
with
ranked as (
    select
        *,
        rank() over (partition by indicator, source, change, least order by backtest_id desc) as newest_first
    from {{ source('state', 'backtests') }}
)

select
    indicator,
    source,
    period_type,
    change,
    least,
    most,
    cast(planted as integer) as planted,
    cast(found as integer) as found,
    median_delay,
    marks_per_100_years,
    run_on,
    release_id
from ranked
where newest_first = 1
