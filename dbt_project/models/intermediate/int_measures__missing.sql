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

{{ measures_of('counted', ['missing_episodes', 'missing_episodes_over_24_hours']) }}
union all
{{ counts(ref('int_looked_after_months'), 'event_month', {'looked_after_children': none}) }}
union all
{{ measures_of(
    '(' ~ children_in_twelve_months(ref('int_looked_after_months')) ~ ') as counted', ['looked_after_children_in_year'], column='children'
) }}
union all
{{ measures_of('(' ~ children_in_twelve_months('missing_events') ~ ') as counted', ['missing_children'], column='children') }}
union all
{{ measures_of('(' ~ children_in_twelve_months('missing_events', 2) ~ ') as counted', ['missing_children_repeat'], column='children') }}
