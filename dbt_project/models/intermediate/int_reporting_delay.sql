-- what was first said of a month, by how many months after it the return ended, beside the count that no later return will change;
-- only where months are sent again: other senders have no delay to learn
with returns as (
    select
        submissions.submission_id,
        submissions.sender as la_code,
        submissions.period_start as window_start,
        submissions.period_end as window_end,
        submissions.received_on
    from {{ source('control', 'submissions') }} as submissions
    inner join {{ source('control', 'extracts') }} as extracts
        on submissions.extract = extracts.extract
    where extracts.shows_delay
        and {{ dbt.datediff('submissions.period_start', 'submissions.period_end', 'day') }} > 31
),

told as (
    select
        returns.submission_id,
        returns.la_code,
        returns.received_on,
        months.period_start,
        months.period_end,
        cast({{ dbt.datediff('months.period_start', 'returns.window_end', 'month') }} as bigint) as age
    from returns
    inner join {{ ref('int_area_months') }} as months
        on returns.la_code = months.la_code
        and returns.window_start <= months.period_start
        and returns.window_end >= months.period_end
),

-- once for each return: a snapshot of six years has a month of its own for each of its referrals
by_month as (
    {% for table in tables_showing_delay() %}
    select
        referrals.submission_id,
        {{ month_of('referrals.referral_date') }} as period_start,
        count(distinct referrals.referral_key) as referrals
    from {{ source('raw', table) }} as referrals
    inner join returns
        on referrals.submission_id = returns.submission_id
    group by referrals.submission_id, {{ month_of('referrals.referral_date') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select
        told.submission_id,
        told.la_code,
        told.received_on,
        told.period_start,
        told.period_end,
        told.age,
        coalesce(by_month.referrals, 0) as referrals
    from told
    left join by_month
        on told.submission_id = by_month.submission_id
        and told.period_start = by_month.period_start
),

first_told as (
    select
        la_code,
        period_start,
        age,
        referrals
    from (
        select
            la_code,
            period_start,
            age,
            referrals,
            row_number() over (
                partition by la_code, period_start, age order by received_on, submission_id
            ) as place
        from counted
    ) as ordered
    where place = 1
),

-- windows move on: the next one begins after the start of the newest
newest as (
    select
        la_code,
        max(window_start) as newest_start
    from returns
    group by la_code
),

in_force as (
    select
        counted.la_code,
        counted.period_start,
        counted.age,
        counted.referrals,
        counted.age >= 3 or counted.period_start <= newest.newest_start as is_final
    from counted
    inner join {{ source('control', 'slices') }} as slices
        on counted.submission_id = slices.submission_id
        and slices.source = 'front_door'
        and slices.is_own
        and slices.speaks
        and slices.slice_start <= counted.period_start
        and slices.slice_end >= counted.period_end
    inner join newest
        on counted.la_code = newest.la_code
)

select
    'referrals' as measure,
    first_told.la_code,
    first_told.period_start,
    first_told.age,
    cast(first_told.referrals as double) as reported,
    case when in_force.is_final then cast(in_force.referrals as double) end as final,
    first_told.age = in_force.age and not in_force.is_final as is_in_force
from first_told
inner join in_force
    on first_told.la_code = in_force.la_code
    and first_told.period_start = in_force.period_start
where first_told.age < 3
