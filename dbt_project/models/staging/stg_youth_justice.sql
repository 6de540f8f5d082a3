{% set measures = ['children_known', 'first_time_entrants'] %}
with counts as (
    {% for measure in measures %}
    select
        submission_id,
        la_code,
        first_day,
        last_day,
        '{{ measure }}' as measure,
        {{ measure }} as written
    from {{ source('raw', 'youth_justice_counts') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- a year is told from a quarter by its length, and named by the April in which it begins
named as (
    select
        *,
        {{ dbt.datediff('first_day', 'last_day', 'day') }} > 100 as is_year,
        cast(extract(year from {{ add_months('first_day', -3) }}) as integer) as april_year
    from counts
)

select
    named.submission_id,
    'youth_justice' as series,
    named.measure,
    case when named.is_year then 'Year' else 'Quarter' end as series_filter,
    cast(named.april_year as {{ dbt.type_string() }})
    || substring(cast(named.april_year + 1 as {{ dbt.type_string() }}), 3, 2) as time_period,
    case
        when named.is_year then 'Financial year'
        else
            'Financial year Q'
            || cast(extract(quarter from {{ add_months('named.first_day', -3) }}) as {{ dbt.type_string() }})
    end as time_identifier,
    named.la_code,
    'local_authority' as area_level,
    cast(null as {{ dbt.type_string() }}) as area_code,
    case when named.is_year then 'financial_year' else 'quarter' end as period_type,
    named.first_day as period_start,
    named.last_day as period_end,
    {{ marker_of('named.written') }} as marker,
    {{ number_of('named.written') }} as value,
    coalesce(submissions.released_on, submissions.received_on) as released_on
from named
inner join {{ source('control', 'submissions') }} as submissions
    on named.submission_id = submissions.submission_id
