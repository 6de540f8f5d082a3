-- Do our own counts add up to the official ones? Twelve months to March against the published year, England.
with
ours as (
    select
        indicator,
        year(period_start + interval 9 month) as year_to_march,
        sum(numerator) as counted,
        count(numerator) as months
    from trends
    where
        source = 'extracts'
        and area_level = 'country'
    group by all
)

select
    official.indicator,
    official.source,
    year(official.period_end) as year_to_march,
    official.numerator as published,
    ours.counted,
    round(100 * ours.counted / official.numerator, 1) as per_cent_of_published
from trends as official
inner join ours
    on official.indicator = ours.indicator
    and year(official.period_end) = ours.year_to_march
    and ours.months = 12
where
    official.period_type = 'financial_year'
    and official.area_level = 'country'
order by official.indicator, official.source, year_to_march;
