with codes as ({{ newest_area_codes() }}),

memberships as ({{ memberships() }}),

summed as (
    select
        facts.indicator,
        memberships.area_code,
        case when memberships.area_level = 'local_authority' then memberships.la_code end as la_code,
        memberships.area_level,
        facts.period_type,
        facts.period_start,
        facts.period_end,
        sum(case when facts.reason is null then facts.numerator end) as numerator,
        sum(case when facts.reason is null then facts.denominator end) as denominator,
        max(case when facts.reason is null and facts.is_provisional then 1 else 0 end) = 1 as is_provisional,
        max(case when facts.reason is null and facts.is_revised then 1 else 0 end) = 1 as is_revised,
        max(facts.reason) as reason,
        max(case when memberships.area_level = 'local_authority' then facts.caveat end) as caveat,
        sum(case when facts.reason = 'not_due' then 0 else 1 end) as areas_due,
        sum(case when facts.reason is null then 1 else 0 end) as areas_included
    from {{ ref('int_indicator_area_periods') }} as facts
    inner join memberships
        on facts.la_code = memberships.la_code
    group by
        facts.indicator,
        memberships.area_code,
        case when memberships.area_level = 'local_authority' then memberships.la_code end,
        memberships.area_level,
        facts.period_type,
        facts.period_start,
        facts.period_end
),

from_extracts as (
    select
        summed.indicator,
        summed.area_code,
        summed.la_code,
        summed.area_level,
        summed.period_type,
        summed.period_start,
        summed.period_end,
        'total' as breakdown,
        'extracts' as source,
        summed.numerator,
        summed.denominator,
        case
            when summed.denominator > 0
                then {{ indicator_value('summed.numerator', 'summed.denominator') }}
        end as value,
        case when summed.areas_included = 0 then 'x' end as marker,
        summed.is_provisional,
        summed.is_revised,
        case
            when summed.areas_included = 0 then summed.reason
            when 10 * summed.areas_included < 9 * summed.areas_due then 'partial_coverage'
        end as reason,
        cast(summed.areas_due as integer) as areas_due,
        cast(summed.areas_included as integer) as areas_included,
        summed.caveat
    from summed
    inner join {{ source('control', 'indicators') }} as indicators
        on summed.indicator = indicators.indicator
),

latest as (
    select *
    from {{ ref('fct_series_vintages') }}
    where is_latest and area_level is not null
),

population as (
    select
        la_code,
        mid_year,
        population_10_17,
        is_revised,
        mid_year = max(mid_year) over (partition by la_code) as is_newest
    from {{ ref('int_population') }}
),

-- the population that counts for our own rates counts for series that have none of their own; the newest serves for two years more
denominators as (
    select
        series,
        measure,
        breakdown,
        area_code,
        la_code,
        area_level,
        time_period,
        time_identifier,
        value,
        marker,
        is_revised
    from latest
    union all
    select
        'population' as series,
        'population_10_17' as measure,
        'Total' as breakdown,
        cast(null as {{ dbt.type_string() }}) as area_code,
        population.la_code,
        'local_authority' as area_level,
        cast(population.mid_year + ahead.years as {{ dbt.type_string() }}) as time_period,
        'Mid-year' as time_identifier,
        population.population_10_17 as value,
        cast(null as {{ dbt.type_string() }}) as marker,
        population.is_revised
    from population
    inner join (
        select 0 as years
        union all
        select 1 as years
        union all
        select 2 as years
    ) as ahead
        on ahead.years = 0 or population.is_newest
),

from_series as (
    select
        series.indicator,
        coalesce(codes.area_code, numerators.area_code) as area_code,
        numerators.la_code,
        numerators.area_level,
        numerators.period_type,
        numerators.period_start,
        numerators.period_end,
        series.breakdown,
        series.series as source,
        numerators.value as numerator,
        denominators.value as denominator,
        numerators.value / nullif(denominators.value, 0) * series.scale as value,
        coalesce(numerators.marker, denominators.marker) as marker,
        -- schools go on correcting their registers: most cells differ between two releases
        numerators.period_type in ('week', 'year_to_date') as is_provisional,
        numerators.is_revised or coalesce(denominators.is_revised, false) as is_revised,
        case
            when numerators.value is null then 'marked_in_source'
            when coalesce(denominators.value, 0) = 0 then 'no_denominator'
        end as reason,
        1 as areas_due,
        case when numerators.value is null then 0 else 1 end as areas_included,
        case when breaks.series is not null then 'break_in_series' end as caveat
    from {{ source('control', 'indicator_series') }} as series
    inner join latest as numerators
        on series.series = numerators.series
        and series.numerator = numerators.measure
        and series.numerator_filter = numerators.breakdown
    left join denominators
        on series.denominator_series = denominators.series
        and series.denominator = denominators.measure
        and series.denominator_filter = denominators.breakdown
        and numerators.area_level = denominators.area_level
        and (
            numerators.la_code = denominators.la_code
            or (numerators.area_level <> 'local_authority' and numerators.area_code = denominators.area_code)
        )
        and (series.series <> series.denominator_series or numerators.time_identifier = denominators.time_identifier)
        and cast(substring(numerators.time_period, 1, 4) as integer) + series.denominator_year_lag
        = cast(substring(denominators.time_period, 1, 4) as integer)
    left join codes
        on numerators.la_code = codes.la_code
    -- the first period in which the series counts something else than before
    left join {{ source('control', 'series_breaks') }} as breaks
        on numerators.series = breaks.series
        and breaks.starts_on between numerators.period_start and numerators.period_end
)

select
    indicator,
    area_code,
    la_code,
    area_level,
    period_type,
    period_start,
    period_end,
    breakdown,
    source,
    numerator,
    denominator,
    value,
    marker,
    is_provisional,
    is_revised,
    reason,
    areas_due,
    areas_included,
    caveat
from from_extracts
union all
select
    indicator,
    area_code,
    la_code,
    area_level,
    period_type,
    period_start,
    period_end,
    breakdown,
    source,
    numerator,
    denominator,
    value,
    marker,
    is_provisional,
    is_revised,
    reason,
    areas_due,
    areas_included,
    caveat
from from_series
