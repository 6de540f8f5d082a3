with codes as (
    select
        area_code,
        la_code,
        area_level
    from {{ ref('areas') }}
),

in_force as ({{ newest_area_codes() }}),

figures as (
    select
        figures.submission_id,
        figures.series,
        figures.measure,
        figures.filter as series_filter,
        figures.time_period,
        figures.time_identifier,
        in_force.la_code,
        case
            when figures.geographic_level = 'Local authority'
                then case when in_force.la_code is not null then 'local_authority' end
            when figures.geographic_level = 'Regional'
                then case when codes.area_level in ('region', 'sub_region') then codes.area_level end
            when figures.geographic_level = 'National'
                then case when codes.area_level = 'country' then codes.area_level end
        end as area_level,
        coalesce(in_force.area_code, figures.area_code) as area_code,
        figures.marker,
        figures.value,
        -- a year that cannot be has no days, which holds its release back
        case
            when cast(substring(figures.time_period, 1, 4) as integer) between 1990 and 2100
                then cast(substring(figures.time_period, 1, 4) as integer)
        end as first_year,
        cast(
            case when figures.time_identifier like 'Week %' then substring(figures.time_identifier, 6) end as integer
        ) as week,
        case
            when figures.time_identifier like 'Week %' then 'week'
            when extracts.years_are is not null then extracts.years_are
            when figures.time_identifier = 'Academic year' then 'academic_year'
            when figures.time_identifier = 'Reporting year' then 'financial_year'
        end as period_type,
        coalesce(submissions.released_on, submissions.received_on) as released_on
    from {{ source('raw', 'published_figures') }} as figures
    inner join {{ source('control', 'submissions') }} as submissions
        on figures.submission_id = submissions.submission_id
    left join {{ source('control', 'extracts') }} as extracts
        on figures.series = extracts.extract
    left join codes
        on figures.area_code = codes.area_code
    left join in_force
        on figures.geographic_level = 'Local authority'
        and coalesce(codes.la_code, figures.la_code) = in_force.la_code
)

select
    submission_id,
    series,
    measure,
    series_filter,
    time_period,
    time_identifier,
    la_code,
    area_level,
    area_code,
    period_type,
    case period_type
        when 'week' then {{ monday_of_week('first_year', 'week') }}
        when 'financial_year' then make_date(first_year - 1, 4, 1)
        when 'academic_year' then make_date(first_year, 9, 1)
        when 'year_to_date' then make_date(first_year, 9, 1)
        else make_date(first_year, 6, 30)
    end as period_start,
    case period_type
        -- schools count Monday to Friday
        when 'week' then {{ add_days(monday_of_week('first_year', 'week'), 4) }}
        when 'financial_year' then make_date(first_year, 3, 31)
        when 'academic_year' then make_date(first_year + 1, 8, 31)
        when 'year_to_date' then make_date(first_year + 1, 8, 31)
        else make_date(first_year, 6, 30)
    end as period_end,
    marker,
    value,
    released_on
from figures
-- what is of no area of England, or of another level, no model uses
where area_level is not null
