with extracts as (
    select
        submission_id,
        la_code,
        case
            when extract in ('ssd', 'cin_census') then 'referrals'
            when extract = 'school_census' then 'exclusions'
            when extract = 'ssda903' then 'missing'
        end as source,
        slice_start,
        slice_end
    from {{ source('control', 'slices') }}
),

sources as (
    select distinct source
    from {{ source('control', 'indicator_sources') }}
),

spine as (
    select
        area_months.la_code,
        sources.source,
        area_months.period_start,
        area_months.period_end
    from {{ ref('int_area_months') }} as area_months
    cross join sources
),

covered as (
    select
        spine.la_code,
        spine.source,
        spine.period_start,
        sum(
            {{ dbt.datediff(
                'case when extracts.slice_start > spine.period_start then extracts.slice_start else spine.period_start end',
                'case when extracts.slice_end < spine.period_end then extracts.slice_end else spine.period_end end',
                'day'
            ) }} + 1
        ) as days_covered
    from spine
    inner join extracts
        on spine.la_code = extracts.la_code
        and spine.source = extracts.source
        and extracts.slice_start <= spine.period_end
        and extracts.slice_end >= spine.period_start
    group by spine.la_code, spine.source, spine.period_start
),

returns as (
    select
        submissions.sender as la_code,
        case
            when submissions.extract in ('ssd', 'cin_census') then 'referrals'
            when submissions.extract = 'school_census' then 'exclusions'
            when submissions.extract = 'ssda903' then 'missing'
        end as source,
        submissions.extract,
        submissions.period_start,
        submissions.period_end,
        count(*) as submissions
    from {{ source('control', 'submissions') }} as submissions
    group by submissions.sender, submissions.extract, submissions.period_start, submissions.period_end
),

-- a sender whose returns overlap sends each month again: the newest is not yet final
newest as (
    select
        la_code,
        source,
        max(period_end) as newest_end,
        max(case when extract = 'ssd' and {{ dbt.datediff('period_start', 'period_end', 'day') }} > 31 then 1 else 0 end)
            as sends_again
    from returns
    group by la_code, source
),

due as (
    select
        la_code,
        case
            when extract in ('ssd', 'cin_census') then 'referrals'
            when extract = 'school_census' then 'exclusions'
            when extract = 'ssda903' then 'missing'
        end as source,
        period_start,
        period_end,
        status
    from {{ source('control', 'coverage') }}
),

reasons as (
    select
        spine.la_code,
        spine.source,
        spine.period_start,
        max(case when due.status in ('missing', 'partial', 'late') then 1 else 0 end) as is_missing,
        max(case when due.status = 'quarantined' then 1 else 0 end) as is_quarantined,
        max(case when due.status = 'not_due' then 1 else 0 end) as is_not_due
    from spine
    inner join due
        on spine.la_code = due.la_code
        and spine.source = due.source
        and due.period_start <= spine.period_end
        and due.period_end >= spine.period_start
    group by spine.la_code, spine.source, spine.period_start
),

revised as (
    select
        spine.la_code,
        spine.source,
        spine.period_start,
        max(returns.submissions) as submissions
    from spine
    inner join returns
        on spine.la_code = returns.la_code
        and spine.source = returns.source
        and returns.period_start <= spine.period_start
        and returns.period_end >= spine.period_end
    group by spine.la_code, spine.source, spine.period_start
),

joined as (
    select
        spine.la_code,
        spine.source,
        spine.period_start,
        coalesce(
            covered.days_covered >= {{ dbt.datediff('spine.period_start', 'spine.period_end', 'day') }} + 1, false
        ) as is_covered,
        coalesce(
            (
                newest.sends_again = 1
                and spine.period_start >= {{ month_of('newest.newest_end') }}
            ) or (
                spine.source = 'exclusions'
                and spine.period_start >= {{ term_start('newest.newest_end') }}
            ),
            false
        ) as is_provisional,
        coalesce(revised.submissions > 1, false) as is_revised,
        case
            when reasons.is_quarantined = 1 then 'quarantined'
            when reasons.is_missing = 1 then 'no_return'
            when reasons.is_not_due = 1 then 'not_due'
            else 'no_return'
        end as reason_not_covered
    from spine
    left join covered
        on spine.la_code = covered.la_code
        and spine.source = covered.source
        and spine.period_start = covered.period_start
    left join newest
        on spine.la_code = newest.la_code
        and spine.source = newest.source
    left join reasons
        on spine.la_code = reasons.la_code
        and spine.source = reasons.source
        and spine.period_start = reasons.period_start
    left join revised
        on spine.la_code = revised.la_code
        and spine.source = revised.source
        and spine.period_start = revised.period_start
)

select
    la_code,
    source,
    period_start,
    is_covered,
    is_provisional,
    is_revised,
    case when not is_covered then reason_not_covered end as reason,
    sum(case when is_covered then 1 else 0 end) over (
        partition by la_code, source order by period_start
        rows between 12 preceding and 1 preceding
    ) as months_covered_before,
    count(*) over (
        partition by la_code, source order by period_start
        rows between 12 preceding and 1 preceding
    ) as months_before,
    sum(case when is_covered then 1 else 0 end) over (
        partition by la_code, source order by period_start
        rows between 1 following and 3 following
    ) as months_covered_after
from joined
