with counted as (
    select
        la_code,
        event_month as period_start,
        count(*) as referrals,
        sum(case when is_from_school then 1 else 0 end) as referrals_from_schools,
        sum(case when is_no_further_action then 1 else 0 end) as referrals_no_further_action,
        sum(
            case when previous_referral_date >= {{ add_months('referral_date', -12) }} then 1 else 0 end
        ) as re_referrals
    from {{ ref('int_referrals') }}
    group by la_code, event_month
),

-- the same month of the three years before, where each was covered
usual as (
    select
        months.la_code,
        months.period_start,
        avg(cast(coalesce(earlier.referrals, 0) as double)) as usual_referrals
    from {{ ref('int_area_months') }} as months
    inner join {{ ref('int_coverage_months') }} as covered
        on months.la_code = covered.la_code
        and covered.source = 'front_door'
        and covered.is_covered
        and covered.period_start in (
            {{ add_months('months.period_start', -12) }},
            {{ add_months('months.period_start', -24) }},
            {{ add_months('months.period_start', -36) }}
        )
    left join counted as earlier
        on covered.la_code = earlier.la_code
        and covered.period_start = earlier.period_start
    group by months.la_code, months.period_start
    having count(*) = 3
)

{{ measures_of('counted', ['referrals', 'referrals_from_schools', 'referrals_no_further_action', 're_referrals']) }}
union all
{{ measures_of('usual', ['usual_referrals']) }}
