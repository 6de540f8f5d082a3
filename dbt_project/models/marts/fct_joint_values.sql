-- indicators made of other indicators; what needs the detector's judgement stands in fct_detected_values
-- what is left of a hundred: of those who are expected to be identified, who are not
with rest as (
    select
        indicators.indicator,
        facts.area_code,
        facts.la_code,
        facts.area_level,
        facts.period_type,
        facts.period_start,
        facts.period_end,
        facts.breakdown,
        facts.source,
        facts.numerator,
        facts.denominator,
        100 - facts.value as value,
        facts.marker,
        facts.is_provisional,
        facts.is_revised,
        facts.reason,
        facts.areas_due,
        facts.areas_included,
        facts.caveat
    from {{ source('control', 'indicators') }} as indicators
    inner join {{ source('control', 'indicator_parts') }} as parts
        on indicators.indicator = parts.indicator
    inner join {{ ref('fct_indicator_values') }} as facts
        on parts.part = facts.indicator
    where indicators.joint = 'rest' and facts.source = 'extracts'
),

-- every area and month there is
area_months as (
    select
        area_code,
        la_code,
        area_level,
        period_start,
        period_end,
        max(areas_due) as areas_due
    from {{ ref('fct_indicator_values') }}
    where source = 'extracts' and period_type = 'month'
    group by area_code, la_code, area_level, period_start, period_end
),

regions as (
    select
        la_code,
        max(region_code) as region_code
    from {{ ref('areas') }}
    where area_level = 'local_authority'
    group by la_code
),

parts as (
    select
        confidence.la_code,
        regions.region_code,
        confidence.period_start,
        confidence.confidence
    from {{ ref('fct_data_confidence') }} as confidence
    inner join regions
        on confidence.la_code = regions.la_code
),

confidence as (
    select
        indicators.indicator,
        area_months.area_code,
        area_months.la_code,
        area_months.area_level,
        'month' as period_type,
        area_months.period_start,
        area_months.period_end,
        'total' as breakdown,
        'extracts' as source,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        100 * avg(parts.confidence) as value,
        case when count(parts.confidence) = 0 then 'x' end as marker,
        false as is_provisional,
        false as is_revised,
        case when count(parts.confidence) = 0 then 'not_due' end as reason,
        max(area_months.areas_due) as areas_due,
        cast(count(parts.confidence) as integer) as areas_included,
        cast(null as {{ dbt.type_string() }}) as caveat
    from {{ source('control', 'indicators') }} as indicators
    cross join area_months
    left join parts
        on area_months.period_start = parts.period_start
        and (
            area_months.la_code = parts.la_code
            or (area_months.area_level = 'region' and area_months.area_code = parts.region_code)
            or area_months.area_level = 'country'
        )
    where indicators.joint = 'confidence'
    group by
        indicators.indicator,
        area_months.area_code,
        area_months.la_code,
        area_months.area_level,
        area_months.period_start,
        area_months.period_end
)

select * from rest
union all
select * from confidence
