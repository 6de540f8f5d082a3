with years as (
    select
        la_code,
        min(mid_year) as first_year,
        max(mid_year) as last_year
    from {{ ref('int_population') }}
    group by la_code
)

-- the newest figure not after the year; before the first one, the first
select
    area_months.la_code,
    area_months.period_start,
    population.population_0_17,
    population.population_10_17,
    population.is_revised
from {{ ref('int_area_months') }} as area_months
inner join years
    on area_months.la_code = years.la_code
inner join {{ ref('int_population') }} as population
    on area_months.la_code = population.la_code
    and population.mid_year = greatest(
        years.first_year,
        least(
            years.last_year,
            cast(extract(year from {{ add_months('area_months.period_start', -3) }}) as integer)
        )
    )
