-- how far the figures of an authority and month can be relied upon: four shares and their product; shares of records are those of
-- numbers rounded to ten, as they are published, so that none of the four gives a small number of records back
with completeness as (
    select
        la_code,
        period_start,
        avg(case when is_covered then 1 else 0 end) as completeness
    from {{ ref('int_coverage_months') }}
    where coalesce(reason, '') <> 'not_due'
    group by la_code, period_start
),

months as (
    select
        la_code,
        period_start,
        {{ add_months('period_start', 1) }} as month_after,
        completeness
    from completeness
),

timeliness as (
    select
        months.la_code,
        months.period_start,
        avg(case when coverage.status = 'received' then 1 else 0 end) as timeliness
    from months
    inner join {{ source('control', 'coverage') }} as coverage
        on months.la_code = coverage.la_code
        and coverage.status <> 'not_due'
        and coverage.due_on < months.month_after
        and coverage.due_on >= {{ add_months('months.month_after', -12) }}
    group by months.la_code, months.period_start
),

validity as (
    select
        months.la_code,
        months.period_start,
        1 - {{ rounded('sum(submissions.refused)') }}
        / cast(nullif({{ rounded('sum(submissions.records)') }}, 0) as double) as validity
    from months
    inner join {{ source('control', 'submissions') }} as submissions
        on months.la_code = submissions.sender
        and submissions.is_in_force
        and submissions.period_start < months.month_after
        and submissions.period_end >= {{ add_months('months.month_after', -12) }}
    group by months.la_code, months.period_start
),

linkage as (
    select
        la_code,
        {{ rounded('sum(linked)') }} / cast({{ rounded('sum(records)') }} as double) as linkage
    from {{ ref('fct_linkage') }}
    group by la_code
)

select
    months.la_code,
    months.period_start,
    cast(months.completeness as double) as completeness,
    cast(coalesce(timeliness.timeliness, 1) as double) as timeliness,
    cast(coalesce(validity.validity, 0) as double) as validity,
    cast(coalesce(linkage.linkage, 0) as double) as linkage,
    cast(
        months.completeness * coalesce(timeliness.timeliness, 1) * coalesce(validity.validity, 0)
        * coalesce(linkage.linkage, 0) as double
    ) as confidence
from months
left join timeliness
    on months.la_code = timeliness.la_code
    and months.period_start = timeliness.period_start
left join validity
    on months.la_code = validity.la_code
    and months.period_start = validity.period_start
left join linkage
    on months.la_code = linkage.la_code
