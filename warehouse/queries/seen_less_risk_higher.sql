-- Where does identification fall while risk seen elsewhere rises? Last twelve months against the twelve before.
with
yearly as (
    select
        trends.area_code,
        indicators.family,
        indicators.indicator,
        avg(trends.value) filter (
            where trends.period_start > newest.period_start - interval 12 month
        ) as this_year,
        avg(trends.value) filter (
            where trends.period_start <= newest.period_start - interval 12 month
        ) as last_year
    from trends
    inner join indicators
        on trends.indicator = indicators.indicator
    cross join (
        select max(period_start) as period_start from trends where status is not null
    ) as newest
    where
        trends.area_level = 'local_authority'
        and trends.source = 'extracts'
        and trends.breakdown = 'total'
        and indicators.family in ('identification', 'exposure')
        and indicators.is_monitored
        and trends.period_start > newest.period_start - interval 24 month
    group by all
),

moves as (
    select
        area_code,
        median(this_year / last_year - 1) filter (where family = 'identification')
            as identification,
        median(this_year / last_year - 1) filter (where family = 'exposure') as exposure
    from yearly
    where last_year > 0
    group by all
)

select
    areas.area_name,
    round(100 * moves.identification, 1) as identification_per_cent,
    round(100 * moves.exposure, 1) as exposure_per_cent
from moves
inner join areas
    on moves.area_code = areas.area_code
where
    moves.identification < 0
    and moves.exposure > 0
order by moves.exposure - moves.identification desc;
