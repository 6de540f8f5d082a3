{% set measures = ['total', 'schools', 'police', 'health', 'individuals', 'other'] %}
with counts as (
    {% for measure in measures %}
    select
        submission_id,
        la_code,
        week_start,
        week_end,
        'referrals_{{ measure }}' as measure,
        referrals_{{ measure }} as written
    from {{ source('raw', 'survey_weeks') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

-- a week belongs to the year of its Thursday
select
    counts.submission_id,
    'vulnerable_children_survey' as series,
    counts.measure,
    'Total' as series_filter,
    cast(extract(year from {{ add_days('counts.week_start', 3) }}) as {{ dbt.type_string() }}) as time_period,
    'Week ' || cast(extract(week from counts.week_start) as {{ dbt.type_string() }}) as time_identifier,
    counts.la_code,
    'local_authority' as area_level,
    cast(null as {{ dbt.type_string() }}) as area_code,
    'week' as period_type,
    counts.week_start as period_start,
    counts.week_end as period_end,
    {{ marker_of('counts.written') }} as marker,
    {{ number_of('counts.written') }} as value,
    coalesce(submissions.released_on, submissions.received_on) as released_on
from counts
inner join {{ source('control', 'submissions') }} as submissions
    on counts.submission_id = submissions.submission_id
