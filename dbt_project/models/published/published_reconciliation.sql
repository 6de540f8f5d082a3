-- A year's count of ours is shown where it and each month behind it may be, rounded as a whole: it is no sum of the months that are
-- shown, and none of them can be subtracted from it. Difference and verdict are those of the rounded count.
with
withheld as (
    select distinct
        years.indicator,
        years.area_code,
        years.period_type,
        years.period_start
    from {{ ref('fct_reconciliation') }} as years
    inner join {{ source('control', 'indicators') }} as indicators
        on years.indicator = indicators.indicator
    inner join {{ source('control', 'controlled_counts') }} as months
        on years.indicator = months.indicator
        and indicators.numerator = months.measure
        and years.area_code = months.area_code
        and months.period_type = 'month'
        and months.marker is not null
        and months.period_start >= years.period_start
        and months.period_start <= years.period_end
        and (indicators.months_before <> 11 or {{ add_months('months.period_start', 1) }} > years.period_end)
),

marked as (
    select
        years.* replace ({{ to_base('years.counted', 'rules.base') }} as counted),
        withheld.indicator is not null
        or coalesce(years.counted > 0 and years.counted < rules.smallest_shown, false) as is_withheld
    from {{ ref('fct_reconciliation') }} as years
    inner join {{ source('control', 'disclosure') }} as rules
        on years.area_level = rules.area_level
    left join withheld
        on years.indicator = withheld.indicator
        and years.area_code = withheld.area_code
        and years.period_type = withheld.period_type
        and years.period_start = withheld.period_start
)

select
    indicator,
    area_code,
    la_code,
    area_level,
    period_type,
    period_start,
    period_end,
    breakdown,
    source,
    cast(official as bigint) as official,
    official_marker,
    case when not is_withheld then cast(counted as bigint) end as counted,
    case when is_withheld then 'c' when counted is null then 'x' end as marker,
    cast(months_covered as integer) as months_covered,
    case when not is_withheld and reason is null then cast(counted - official as bigint) end as difference,
    case when not is_withheld then {{ figure('allowed', 2) }} end as allowed,
    case
        when is_withheld or reason is not null then 'not_comparable'
        else {{ verdict('counted', 'official', 'official_marker', 'allowed') }}
    end as verdict,
    case when is_withheld and reason is null then 'withheld' else reason end as reason
from marked
