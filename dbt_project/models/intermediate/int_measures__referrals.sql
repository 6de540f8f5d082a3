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

usual as (
    select
        this_year.la_code,
        this_year.period_start,
        avg(cast(earlier.referrals as double)) as usual_referrals
    from counted as this_year
    inner join counted as earlier
        on this_year.la_code = earlier.la_code
        and earlier.period_start in (
            {{ add_months('this_year.period_start', -12) }},
            {{ add_months('this_year.period_start', -24) }},
            {{ add_months('this_year.period_start', -36) }}
        )
    group by this_year.la_code, this_year.period_start
    having count(*) = 3
)

{% for measure in ['referrals', 'referrals_from_schools', 'referrals_no_further_action', 're_referrals'] %}
select
    '{{ measure }}' as measure,
    la_code,
    period_start,
    cast({{ measure }} as double) as measured
from counted
union all
{% endfor %}
select
    'usual_referrals' as measure,
    la_code,
    period_start,
    usual_referrals as measured
from usual
