with pupil_years as (
    select
        la_code,
        min(cast(substring(cast(academic_year as {{ dbt.type_string() }}), 1, 4) as integer)) as first_year,
        max(cast(substring(cast(academic_year as {{ dbt.type_string() }}), 1, 4) as integer)) as last_year
    from {{ ref('pupils') }}
    group by la_code
),

pupils as (
    select
        area_months.la_code,
        area_months.period_start,
        pupils.pupils
    from {{ ref('int_area_months') }} as area_months
    inner join pupil_years
        on area_months.la_code = pupil_years.la_code
    inner join {{ ref('pupils') }} as pupils
        on area_months.la_code = pupils.la_code
        and cast(substring(cast(pupils.academic_year as {{ dbt.type_string() }}), 1, 4) as integer) = greatest(
            pupil_years.first_year,
            least(
                pupil_years.last_year,
                cast(extract(year from {{ add_months('area_months.period_start', -8) }}) as integer)
            )
        )
),

expected as (
    select
        population.la_code,
        population.period_start,
        cast(population.population_10_17 as double) * estimates.value / estimates.population as children
    from {{ ref('int_population_months') }} as population
    cross join {{ ref('estimates') }} as estimates
    where estimates.estimate = 'children_in_gangs'
),

by_age as (
    select
        la_code,
        period_start,
        population_0_17,
        population_10_17,
        -- five of the eight years of age from 10 to 17
        cast(population_10_17 as double) * 5 / 8 as population_13_17
    from {{ ref('int_population_months') }}
)

{{ measures_of('by_age', ['population_0_17', 'population_10_17', 'population_13_17']) }}
union all
{{ measures_of('expected', ['expected_children'], column='children') }}
union all
{{ measures_of('pupils', ['pupils']) }}
