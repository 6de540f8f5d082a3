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
    case
        when series = 'published_population' then 'mid_year'
        when time_identifier = 'Academic year' then 'academic_year'
        when time_identifier = 'Reporting year' then 'financial_year'
    end as period_type,
    marker,
    value,
    first_year,
    released_on
from figures
