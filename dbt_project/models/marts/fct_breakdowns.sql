-- What was counted in a quarter of a year, taken apart, in authorities, regions and England. Months that were not covered are in none of
-- them; the quarter of an authority says how many were. Quarters never overlap, so no two of them give what lies between. What is rare is
-- taken apart in regions and England alone: of the parts of other measures in authorities 6 to 40 in 100 would be shown, of these 88 and more.
{% set quarters_kept = 20 %}
{% set of_authorities = [
    'referrals', 'suspensions', 'excluded_pupils', 'excluded_pupils_not_known', 'multi_exposed_children', 'multi_exposed_children_not_known'
] %}

with measures as (
    select distinct
        measure,
        dimension,
        part
    from {{ ref('int_breakdowns') }}
),

-- the months of which the counts themselves are published
covered as (
    select distinct
        measures.measure,
        facts.la_code,
        facts.period_start as month_start,
        {{ quarter_start('facts.period_start') }} as period_start
    from {{ ref('int_indicator_area_periods') }} as facts
    inner join {{ source('control', 'indicators') }} as indicators
        on facts.indicator = indicators.indicator
    inner join measures
        on measures.measure in (indicators.numerator, indicators.denominator)
    where facts.reason is null and facts.period_type = 'month'
),

newest as (
    select
        *,
        max(period_start) over (partition by measure) as newest_quarter
    from covered
),

months as (
    select
        newest.measure,
        newest.la_code,
        newest.month_start,
        newest.period_start,
        measures.dimension,
        measures.part
    from newest
    inner join measures
        on newest.measure = measures.measure
    where newest.period_start > {{ add_months('newest.newest_quarter', -3 * quarters_kept) }}
),

memberships as ({{ memberships() }})

select
    months.measure,
    memberships.area_code,
    case when memberships.area_level = 'local_authority' then months.la_code end as la_code,
    memberships.area_level,
    months.period_start,
    {{ add_days(add_months('months.period_start', 3), -1) }} as period_end,
    months.dimension,
    months.part,
    case when months.measure = 'referrals' and months.part = 'schools' then 'referrals_from_schools' end as monthly_measure,
    sum(coalesce(counts.measured, 0)) as counted,
    cast(count(distinct months.month_start) as integer) as months
from months
inner join memberships
    on months.la_code = memberships.la_code
left join {{ ref('int_breakdowns') }} as counts
    on months.measure = counts.measure
    and months.la_code = counts.la_code
    and months.month_start = counts.period_start
    and months.dimension = counts.dimension
    and months.part = counts.part
where memberships.area_level <> 'local_authority' or months.measure in ('{{ of_authorities | join("', '") }}')
group by
    months.measure,
    memberships.area_code,
    case when memberships.area_level = 'local_authority' then months.la_code end,
    memberships.area_level,
    months.period_start,
    months.dimension,
    months.part
