-- A year's count of ours is shown where each month behind it is, so it tells nothing that trends do not; nor may the verdict on a
-- count that is not shown.
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
    inner join {{ ref('published_trends') }} as months
        on years.indicator = months.indicator
        and years.area_code = months.area_code
        and months.source = 'extracts'
        and months.period_type = 'month'
        and months.marker = 'c'
        and months.period_start >= years.period_start
        and months.period_end <= years.period_end
        and (indicators.months_before <> 11 or months.period_end = years.period_end)
),

marked as (
    select
        years.*,
        withheld.indicator is not null as is_withheld
    from {{ ref('fct_reconciliation') }} as years
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
    official,
    official_marker,
    case when not is_withheld then counted end as counted,
    case when is_withheld then 'c' when counted is null then 'x' end as marker,
    cast(months_covered as integer) as months_covered,
    case when not is_withheld then difference end as difference,
    case when not is_withheld then {{ figure('allowed', 2) }} end as allowed,
    case when is_withheld then 'not_comparable' else verdict end as verdict,
    case when is_withheld and reason is null then 'withheld' else reason end as reason
from marked
