with figures as (
    {% for model in series_models() %}
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
    from {{ ref(model) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- what the release before gave for the same figure; an authority keeps its number when its code changes
beside_former as (
    select
        *,
        lag(submission_id) over (
            partition by series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier
            order by released_on, submission_id
        ) as former_submission,
        lag(value) over (
            partition by series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier
            order by released_on, submission_id
        ) as former_value,
        lag(marker) over (
            partition by series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier
            order by released_on, submission_id
        ) as former_marker
    from figures
),

ordered as (
    select
        *,
        max(
            case
                when former_submission is null then 0
                when value = former_value or (value is null and former_value is null)
                    then case when coalesce(marker, '') = coalesce(former_marker, '') then 0 else 1 end
                else 1
            end
        ) over (
            partition by series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier
            order by released_on, submission_id
            rows between unbounded preceding and current row
        ) as was_changed,
        row_number() over (
            partition by
                series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier, released_on
            order by submission_id desc
        ) as newest_delivery,
        row_number() over (
            partition by series, measure, series_filter, area_level, coalesce(la_code, area_code), time_period, time_identifier
            order by released_on desc, submission_id desc
        ) as newest_release
    from beside_former
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
    was_changed > 0 as is_revised,
    value,
    marker
from ordered
where newest_delivery = 1
