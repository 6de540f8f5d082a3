-- what an authority's figures of one indicator rest on in the year to the newest month that is known of it anywhere: of the returns that
-- tell it the share that came, came on time, and of their rows the share accepted; where children are followed from one return to
-- another also the share with a pupil number
with sources as (
    select
        indicator,
        source
    from {{ source('control', 'indicator_sources') }}
    union
    select
        parts.indicator,
        sources.source
    from {{ source('control', 'indicator_parts') }} as parts
    inner join {{ source('control', 'indicator_sources') }} as sources
        on parts.part = sources.indicator
),

counted as (
    select
        indicator,
        max(period_end) as period_end
    from {{ ref('fct_indicator_values') }}
    where source = 'extracts' and value is not null
    group by indicator
),

-- what is made of others is known once the last of them is
newest as (
    select
        indicator,
        period_end
    from counted
    union
    select
        parts.indicator,
        min(counted.period_end) as period_end
    from {{ source('control', 'indicator_parts') }} as parts
    inner join counted
        on parts.part = counted.indicator
    where parts.indicator not in (select direct.indicator from counted as direct)
    group by parts.indicator
),

years as (
    select
        newest.indicator,
        {{ add_months(month_of('newest.period_end'), -11) }} as period_start,
        newest.period_end,
        {{ add_months(month_of('newest.period_end'), 1) }} as month_after,
        indicators.family = 'linkage' or indicators.asks_whether_known as is_joined
    from newest
    inner join {{ source('control', 'indicators') }} as indicators
        on newest.indicator = indicators.indicator
),

returns as (
    select distinct
        years.*,
        told.extract
    from years
    inner join sources
        on years.indicator = sources.indicator
    inner join {{ source('control', 'extract_sources') }} as told
        on sources.source = told.source
),

completeness as (
    select
        years.indicator,
        coverage.la_code,
        avg(case when coverage.is_covered then 1 else 0 end) as completeness
    from years
    inner join sources
        on years.indicator = sources.indicator
    inner join {{ ref('int_coverage_months') }} as coverage
        on sources.source = coverage.source
        and coverage.period_start between years.period_start and years.period_end
    where coalesce(coverage.reason, '') <> 'not_due'
    group by years.indicator, coverage.la_code
),

timeliness as (
    select
        returns.indicator,
        coverage.la_code,
        avg(case when coverage.status = 'received' then 1 else 0 end) as timeliness
    from returns
    inner join {{ source('control', 'coverage') }} as coverage
        on returns.extract = coverage.extract
        and coverage.status <> 'not_due'
        and coverage.period_start < returns.month_after
        and coverage.period_end >= returns.period_start
    group by returns.indicator, coverage.la_code
),

validity as (
    select
        returns.indicator,
        submissions.sender as la_code,
        1 - {{ rounded('sum(submissions.refused)') }}
        / cast(nullif({{ rounded('sum(submissions.records)') }}, 0) as double) as validity
    from returns
    inner join {{ source('control', 'submissions') }} as submissions
        on returns.extract = submissions.extract
        and submissions.is_in_force
        and submissions.period_start < returns.month_after
        and submissions.period_end >= returns.period_start
    group by returns.indicator, submissions.sender
),

linkage as (
    select
        returns.indicator,
        linked.la_code,
        {{ rounded('sum(linked.linked)') }} / cast({{ rounded('sum(linked.records)') }} as double) as linkage
    from returns
    inner join {{ ref('fct_linkage') }} as linked
        on returns.extract = linked.extract
    where returns.is_joined
    group by returns.indicator, linked.la_code
)

select
    years.indicator,
    completeness.la_code,
    years.period_start,
    years.period_end,
    cast(completeness.completeness as double) as completeness,
    cast(coalesce(timeliness.timeliness, 1) as double) as timeliness,
    cast(coalesce(validity.validity, 0) as double) as validity,
    cast(case when years.is_joined then coalesce(linkage.linkage, 0) else 1 end as double) as linkage
from years
inner join completeness
    on years.indicator = completeness.indicator
left join timeliness
    on completeness.indicator = timeliness.indicator
    and completeness.la_code = timeliness.la_code
left join validity
    on completeness.indicator = validity.indicator
    and completeness.la_code = validity.la_code
left join linkage
    on completeness.indicator = linkage.indicator
    and completeness.la_code = linkage.la_code
