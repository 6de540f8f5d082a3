-- what became of each row taken in, by submission and table: counted on a day that the submission covers, told late and counted on its
-- own day before, superseded by a newer return, or outside and not counted, since the event has been told, has no day yet or lies in the
-- days of a newer return. What stands beside events (persons, pupil numbers, factors) goes with its submission.
{% set events = event_tables() %}

with told as (
    {% for table, (day, told, _) in events.items() %}
    select
        facts.submission_id,
        '{{ table }}' as table_name,
        count(*) as taken_in,
        sum(case when slices.is_own then 1 else 0 end) as own
    from {{ source('raw', table) }} as facts
    left join {{ source('control', 'slices') }} as slices
        on facts.submission_id = slices.submission_id
        and slices.source = '{{ told }}'
        and facts.{{ day }} between slices.slice_start and slices.slice_end
    group by facts.submission_id
    union all
    {% endfor %}
    {% for table in tables_beside_events() %}
    select
        submission_id,
        '{{ table }}' as table_name,
        count(*) as taken_in,
        cast(null as bigint) as own
    from {{ source('raw', table) }}
    group by submission_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (
    {% for model in events.values() | map(attribute=2) | unique %}
    select
        counted_in as submission_id,
        '{{ model }}' as model,
        sum(case when is_told_late then 0 else 1 end) as counted,
        sum(case when is_told_late then 1 else 0 end) as told_late
    from {{ ref(model) }}
    group by counted_in
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

models as (
    {% for table, (_, _, model) in events.items() %}
    select
        '{{ table }}' as table_name,
        '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

found as (
    select
        told.submission_id,
        told.table_name,
        told.taken_in,
        case when told.own is null then case when submissions.is_in_force then told.taken_in else 0 end else coalesce(counted.counted, 0) end
            as counted,
        case when told.own is null then 0 else coalesce(counted.told_late, 0) end as told_late,
        coalesce(told.own, told.taken_in) as own
    from told
    inner join {{ source('control', 'submissions') }} as submissions
        on told.submission_id = submissions.submission_id
    left join models
        on told.table_name = models.table_name
    left join counted
        on told.submission_id = counted.submission_id
        and models.model = counted.model
)

select
    submission_id,
    table_name,
    cast(taken_in as bigint) as taken_in,
    cast(counted as bigint) as counted,
    cast(told_late as bigint) as told_late,
    cast(own - counted as bigint) as superseded,
    cast(taken_in - own - told_late as bigint) as outside
from found
