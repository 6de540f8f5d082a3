-- Trends in the shape of explore education statistics. A period that its standard does not name (a mid-year, an academic year that has
-- not ended, a 53rd week) has no row. Columns of places that a level does not have are empty, as the standard asks.
with
named as (
    select
        *,
        year(period_start - interval 8 month) as academic_year,
        year(period_start - interval 3 month) as financial_year
    from published.trends
),

timed as (
    select
        *,
        case
            when period_type in ('term', 'academic_year') then format('{:d}{:02d}', academic_year, (academic_year + 1) % 100)
            when period_type = 'quarter' then format('{:d}{:02d}', financial_year, (financial_year + 1) % 100)
            when period_type = 'week' then cast(isoyear(period_start) as varchar)
            when period_type = 'financial_year' then cast(year(period_end) as varchar)
            else cast(year(period_start) as varchar)
        end as time_period,
        case
            when period_type = 'month' then monthname(period_start)
            when period_type = 'term' and month(period_start) >= 9 then 'Autumn term'
            when period_type = 'term' and month(period_start) >= 4 then 'Summer term'
            when period_type = 'term' then 'Spring term'
            when period_type = 'academic_year' then 'Academic year'
            when period_type = 'financial_year' then 'Reporting year'
            when period_type = 'quarter' then 'Financial year Q' || quarter(period_start - interval 3 month)
            when period_type = 'week' and weekofyear(period_start) <= 52 then 'Week ' || weekofyear(period_start)
        end as time_identifier,
        -- Numbers as plain decimals; adding zero turns a negative zero round.
        rtrim(rtrim(format('{:.6f}', round(numerator, 6) + 0.0), '0'), '.') as numerator_text,
        rtrim(rtrim(format('{:.6f}', round(denominator, 6) + 0.0), '0'), '.') as denominator_text,
        rtrim(rtrim(format('{:.6f}', round(value, 6) + 0.0), '0'), '.') as value_text,
        -- Symbols of the Government Statistical Service; it has none for a share near 100.
        case when marker in ('c', 'k', 'low', 'u', 'x', 'z') then marker when marker = 'high' then 'c' else 'x' end as symbol
    from named
)

select
    timed.period_type,
    timed.time_period,
    timed.time_identifier,
    case
        when timed.area_level = 'country' then 'National'
        when timed.area_level in ('region', 'sub_region') then 'Regional'
        else 'Local authority'
    end as geographic_level,
    'E92000001' as country_code,
    'England' as country_name,
    case
        when timed.area_level = 'sub_region' then timed.area_code
        when timed.area_level <> 'country' then regions.area_code
    end as region_code,
    case
        when timed.area_level = 'sub_region' then places.area_name
        when timed.area_level <> 'country' then regions.area_name
    end as region_name,
    case when timed.area_level = 'local_authority' then timed.la_code end as old_la_code,
    case when timed.area_level = 'local_authority' then timed.area_code end as new_la_code,
    case when timed.area_level = 'local_authority' then places.area_name end as la_name,
    timed.source,
    timed.indicator,
    case when timed.breakdown = 'total' then 'Total' else trim(timed.breakdown) end as breakdown,
    case
        when timed.is_provisional and timed.is_revised then 'Provisional and revised'
        when timed.is_provisional then 'Provisional'
        when timed.is_revised then 'Revised'
        else 'Final'
    end as status,
    case
        when indicators.numerator is null then 'z'
        when timed.source = 'extracts' and timed.marker in ('low', 'high') then 'c'
        else coalesce(timed.numerator_text, timed.symbol)
    end as numerator,
    case
        when indicators.denominator is null then 'z'
        when timed.source = 'extracts' and timed.marker in ('low', 'high') then coalesce(timed.denominator_text, 'c')
        else coalesce(timed.denominator_text, timed.symbol)
    end as denominator,
    coalesce(timed.value_text, timed.symbol) as value
from timed
inner join published.indicators as indicators
    on timed.indicator = indicators.indicator
inner join published.areas as areas
    on timed.area_code = areas.area_code
-- The name that the Department knows for the code; areas tells a former Dorset from that of today.
inner join published.area_codes as places
    on timed.area_code = places.area_code
left join published.areas as regions
    on areas.region_code = regions.area_code
where timed.time_identifier is not null
