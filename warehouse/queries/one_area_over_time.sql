-- How has one indicator moved in one authority? Put in its three-digit number.
select
    trends.period_start,
    trends.value,
    trends.marker,
    trends.lower,
    trends.upper,
    trends.status,
    trends.reason
from trends
where
    trends.la_code = '383'
    and trends.indicator = 'referral_rate'
    and trends.period_type = 'month'
order by trends.period_start;
