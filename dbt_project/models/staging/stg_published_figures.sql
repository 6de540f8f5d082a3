with figures as (
    select
        figures.submission_id,
        figures.series,
        figures.measure,
        figures.filter as series_filter,
        figures.time_period,
        figures.time_identifier,
        figures.la_code,
        case
            when figures.geographic_level = 'National' then 'country'
            when figures.area_code like 'E13%' then 'sub_region'
            when figures.geographic_level = 'Regional' then 'region'
            when figures.geographic_level = 'Local authority' then 'local_authority'
        end as area_level,
        figures.area_code,
        figures.marker,
        figures.value,
        cast(substring(figures.time_period, 1, 4) as integer) as first_year,
        cast(
            case when figures.time_identifier like 'Week %' then substring(figures.time_identifier, 6) end as integer
        ) as week,
        case
            when figures.series = 'published_population' then 'mid_year'
            when figures.time_identifier like 'Week %' then 'week'
            -- an academic year that has not ended: attendance is counted to the day of its release
            when figures.series = 'published_attendance' then 'year_to_date'
            when figures.time_identifier = 'Academic year' then 'academic_year'
            when figures.time_identifier = 'Reporting year' then 'financial_year'
        end as period_type,
        coalesce(submissions.released_on, submissions.received_on) as released_on
    from {{ source('raw', 'published_figures') }} as figures
    inner join {{ source('control', 'submissions') }} as submissions
        on figures.submission_id = submissions.submission_id
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
