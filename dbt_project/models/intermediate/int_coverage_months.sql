with extracts as (
    select
        submission_id,
        la_code,
        source,
        slice_start,
        slice_end
    from {{ source('control', 'slices') }}
    where is_own and speaks
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

-- a sender whose windows overlap sends each month again, and what is told of two terms is collected twice: the newest is not yet final
newest as (
    select
        extracts.la_code,
        extracts.source,
        max(extracts.slice_end) as newest_end,
        max(
            case
                when returns.resends = 'rolling'
                    and {{ dbt.datediff('submissions.period_start', 'submissions.period_end', 'day') }} > 31 then 1
                else 0
            end
        ) as sends_again,
        max(case when told.days = 'two_terms_before' then 1 else 0 end) as collects_twice
    from extracts
    inner join {{ source('control', 'submissions') }} as submissions
        on extracts.submission_id = submissions.submission_id
    inner join {{ source('control', 'extracts') }} as returns
        on submissions.extract = returns.extract
    inner join {{ source('control', 'extract_sources') }} as told
        on submissions.extract = told.extract
        and extracts.source = told.source
    group by extracts.la_code, extracts.source
),

-- a return that came after another for the same days or more; one that grows by the quarter corrects nothing
corrected as (
    select newer.submission_id
    from {{ source('control', 'submissions') }} as newer
    inner join {{ source('control', 'submissions') }} as older
        on newer.sender = older.sender
        and newer.extract = older.extract
        and newer.period_start >= older.period_start
        and newer.period_end <= older.period_end
        and newer.place > older.place
    group by newer.submission_id
),

due as (
    select
        coverage.la_code,
        windows.source,
        windows.window_start,
        windows.window_end,
        coverage.status
    from {{ source('control', 'coverage') }} as coverage
    inner join {{ source('control', 'windows') }} as windows
        on coverage.la_code = windows.la_code
        and coverage.extract = windows.extract
        and coverage.period_start = windows.period_start
        and coverage.period_end = windows.period_end
),

-- an authority that never sends a source owes nothing of it, and nobody owes yet what comes after the newest return due
owing as (
    select
        la_code,
        source,
        max(window_end) as owed_to
    from due
    group by la_code, source
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
        and due.window_start <= spine.period_end
        and due.window_end >= spine.period_start
    group by spine.la_code, spine.source, spine.period_start
),

revised as (
    select
        spine.la_code,
        spine.source,
        spine.period_start
    from spine
    inner join extracts
        on spine.la_code = extracts.la_code
        and spine.source = extracts.source
        and extracts.slice_start <= spine.period_end
        and extracts.slice_end >= spine.period_start
    inner join corrected
        on extracts.submission_id = corrected.submission_id
    group by spine.la_code, spine.source, spine.period_start
),

-- the twelve months after a sender numbered its children anew
renumbered as (
    select distinct
        spine.la_code,
        spine.source,
        spine.period_start
    from spine
    inner join {{ source('control', 'breaks') }} as breaks
        on spine.la_code = breaks.la_code
        and spine.source = breaks.source
        and breaks.broke_on <= spine.period_end
        and breaks.broke_on >= {{ add_months('spine.period_start', -11) }}
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
                newest.collects_twice = 1
                and spine.period_start >= {{ term_start('newest.newest_end') }}
            ),
            false
        ) as is_provisional,
        revised.la_code is not null as is_revised,
        renumbered.la_code is not null as is_renumbered,
        case
            when covered.days_covered > 0 then 'partly_covered'
            when reasons.is_quarantined = 1 then 'quarantined'
            when reasons.is_missing = 1 then 'no_return'
            when reasons.is_not_due = 1 or owing.la_code is null or spine.period_start > owing.owed_to then 'not_due'
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
    left join owing
        on spine.la_code = owing.la_code
        and spine.source = owing.source
    left join reasons
        on spine.la_code = reasons.la_code
        and spine.source = reasons.source
        and spine.period_start = reasons.period_start
    left join revised
        on spine.la_code = revised.la_code
        and spine.source = revised.source
        and spine.period_start = revised.period_start
    left join renumbered
        on spine.la_code = renumbered.la_code
        and spine.source = renumbered.source
        and spine.period_start = renumbered.period_start
)

select
    la_code,
    source,
    period_start,
    is_covered,
    is_provisional,
    is_revised,
    is_renumbered,
    case when not is_covered then reason_not_covered end as reason,
    {% for months in [11, 12] %}
    cast(
        sum(case when is_covered then 1 else 0 end) over (
            partition by la_code, source order by period_start
            rows between {{ months }} preceding and 1 preceding
        ) as bigint
    ) as covered_in_{{ months }}_before,
    {% endfor %}
    -- a source begins for a sender with the first month that it covers, whenever others began
    cast(
        {{ dbt.datediff('min(case when is_covered then period_start end) over (partition by la_code, source)', 'period_start', 'month') }}
        as bigint
    ) as months_before,
    cast(
        sum(case when is_covered then 1 else 0 end) over (
            partition by la_code, source order by period_start
            rows between 3 preceding and 1 preceding
        ) as bigint
    ) as covered_in_3_before,
    -- what follows an event must be final: a referral still to be recorded would be missed
    cast(
        sum(case when is_covered and not is_provisional then 1 else 0 end) over (
            partition by la_code, source order by period_start
            rows between 1 following and 3 following
        ) as bigint
    ) as months_covered_after,
    cast(
        sum(case when not is_covered and reason_not_covered <> 'not_due' then 1 else 0 end) over (
            partition by la_code, source order by period_start
            rows between 1 following and 3 following
        ) as bigint
    ) as months_missing_after
from joined
