-- indicators made of other indicators; what needs the detector's judgement stands in fct_detected_values
with unidentified as (
    select
        'under_identification_index' as indicator,
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
        100 - value as value,
        marker,
        is_provisional,
        is_revised,
        reason,
        areas_due,
        areas_included,
        caveat
    from {{ ref('fct_indicator_values') }}
    where indicator = 'identified_against_expected' and source = 'extracts'
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
        'data_confidence' as indicator,
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
    from area_months
    left join parts
        on area_months.period_start = parts.period_start
        and (
            area_months.la_code = parts.la_code
            or (area_months.area_level = 'region' and area_months.area_code = parts.region_code)
            or area_months.area_level = 'country'
        )
    group by
        area_months.area_code,
        area_months.la_code,
        area_months.area_level,
        area_months.period_start,
        area_months.period_end
)

select * from unidentified
union all
select * from confidence
