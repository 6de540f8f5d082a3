with figures as (
    {% for series in ['stg_published_figures', 'stg_youth_justice', 'stg_survey_weeks'] %}
    select
        series,
        measure,
        series_filter,
        area_code,
        area_level,
        la_code,
        time_period,
        time_identifier,
        period_type,
        period_start,
        period_end,
        released_on,
        submission_id,
        value,
        marker
    from {{ ref(series) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ordered as (
    select
        *,
        row_number() over (
            partition by series, measure, series_filter, area_code, area_level, la_code, time_period, time_identifier, released_on
            order by submission_id desc
        ) as newest_delivery,
        row_number() over (
            partition by series, measure, series_filter, area_code, area_level, la_code, time_period, time_identifier
            order by released_on desc, submission_id desc
        ) as newest_release
    from figures
)

select
    series,
    measure,
    series_filter as breakdown,
    area_code,
    la_code,
    area_level,
    time_period,
    time_identifier,
    period_type,
    period_start,
    period_end,
    released_on,
    newest_release = 1 as is_latest,
    value,
    marker
from ordered
where newest_delivery = 1
