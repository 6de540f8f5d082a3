-- one row per indicator, authority and period, also where nothing was sent: what can be said, or why not
with readiness as (
    select
        indicators.indicator,
        coverage.la_code,
        periods.period_type,
        periods.period_start,
        periods.period_end,
        min(case when coverage.is_covered then 1 else 0 end) = 1 as is_covered,
        max(case when coverage.is_provisional then 1 else 0 end) = 1 as is_provisional,
        max(case when coverage.is_revised then 1 else 0 end) = 1 as is_revised,
        max(coverage.reason) as reason,
        min(coalesce(coverage.months_before, 0)) >= max(indicators.months_before) as has_history,
        -- of the months that the indicator looks back on
        min(
            case indicators.months_before
                when 0 then 0
                when 11 then coalesce(coverage.covered_in_11_before, 0)
                else coalesce(coverage.covered_in_12_before, 0)
            end
        ) - max(indicators.months_before) as months_short,
        -- what is looked for on both sides of an event and lies in a gap would show as not done
        max(
            case
                when coverage.source = 'referrals' and indicators.months_after > coalesce(coverage.covered_in_3_before, 0) then 1
                else 0
            end
        ) = 1 as is_missing_before,
        max(case when indicators.months_before > 0 and coverage.is_renumbered then 1 else 0 end) = 1 as is_renumbered,
        min(
            case
                when coverage.source = 'referrals' then coalesce(coverage.months_covered_after, 0)
                else indicators.months_after
            end
        ) >= max(indicators.months_after) as has_following_months,
        max(
            case when coverage.source = 'referrals' and indicators.months_after > 0 then coverage.months_missing_after else 0 end
        ) > 0 as is_missing_after,
        max(known.reason) as known_reason,
        max(case when known.is_without_care_return then 1 else 0 end) = 1 as is_without_care_return
    from {{ ref('int_coverage_months') }} as coverage
    inner join {{ source('control', 'indicator_sources') }} as sources
        on coverage.source = sources.source
    inner join {{ source('control', 'indicators') }} as indicators
        on sources.indicator = indicators.indicator
    inner join {{ ref('int_area_periods') }} as periods
        on coverage.la_code = periods.la_code
        and coverage.period_start = periods.month_start
        and indicators.period_type = periods.period_type
    left join {{ ref('int_known_months') }} as known
        on indicators.asks_whether_known
        and coverage.la_code = known.la_code
        and coverage.period_start = known.period_start
    group by
        indicators.indicator,
        coverage.la_code,
        periods.period_type,
        periods.period_start,
        periods.period_end
),

judged as (
    select
        indicator,
        la_code,
        period_type,
        period_start,
        period_end,
        is_provisional,
        is_revised,
        case
            when not is_covered then reason
            when not has_history then 'too_little_history'
            -- one gap in twelve months is borne and marked; more would show as a fall
            when months_short < -1 then 'gap_in_history'
            when known_reason is not null then known_reason
            when is_missing_before then 'gap_in_history'
            when is_renumbered then 'numbers_changed'
            when not has_following_months and is_missing_after then 'gap_after'
            when not has_following_months then 'censored'
        end as reason,
        case
            when months_short < 0 and is_without_care_return then 'one_month_missing, without_care_return'
            when months_short < 0 then 'one_month_missing'
            when is_without_care_return then 'without_care_return'
        end as caveat
    from readiness
)

select
    judged.indicator,
    judged.la_code,
    judged.period_type,
    judged.period_start,
    judged.period_end,
    judged.is_provisional,
    judged.is_revised
    or coalesce(population.is_revised, false) as is_revised,
    case
        when judged.reason is not null then judged.reason
        when denominators.measured is null then indicators.without_denominator
        when denominators.measured = 0 then 'no_denominator'
    end as reason,
    case when judged.reason is null then judged.caveat end as caveat,
    case when judged.reason is null then coalesce(numerators.measured, 0) end as numerator,
    case when judged.reason is null then denominators.measured end as denominator
from judged
inner join {{ source('control', 'indicators') }} as indicators
    on judged.indicator = indicators.indicator
left join {{ ref('int_measures') }} as numerators
    on indicators.numerator = numerators.measure
    and judged.la_code = numerators.la_code
    and judged.period_type = numerators.period_type
    and judged.period_start = numerators.period_start
-- a population is that of the first month of the period
left join {{ ref('int_population_months') }} as population
    on indicators.denominator_is_estimate
    and judged.la_code = population.la_code
    and judged.period_start = population.period_start
left join {{ ref('int_measures') }} as denominators
    on indicators.denominator = denominators.measure
    and judged.la_code = denominators.la_code
    and case when indicators.denominator_is_population then 'month' else judged.period_type end = denominators.period_type
    and judged.period_start = denominators.period_start
