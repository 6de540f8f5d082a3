-- Every indicator value with the judgement on it, after disclosure control. A monitored month of our own that the detector did not
-- judge says why; figures that are never judged have no status. The judgement on a withheld count stays only where each count from
-- 1 to 5 would have had it.
with
joined as (
    select
        facts.*,
        signals.expected,
        signals.lower,
        signals.upper,
        signals.score,
        signals.p_one,
        signals.p_sustained,
        signals.dispersion,
        signals.national_effect,
        signals.completeness,
        signals.minimum_detectable_change,
        signals.kind,
        signals.method,
        signals.version,
        signals.status as signal_status,
        signals.reason as signal_reason,
        indicators.is_monitored,
        indicators.numerator as numerator_measure,
        indicators.denominator as denominator_measure,
        indicators.denominator_is_population,
        facts.source = 'extracts' as is_ours
    from {{ source('detection', 'fct_values') }} as facts
    inner join {{ source('control', 'indicators') }} as indicators
        on facts.indicator = indicators.indicator
    left join {{ source('detection', 'fct_signals') }} as signals
        on facts.indicator = signals.indicator
        and facts.area_code = signals.area_code
        and facts.period_type = signals.period_type
        and facts.period_start = signals.period_start
        and facts.breakdown = signals.breakdown
        and facts.source = signals.source
),

uncontrolled as (
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
        numerator,
        {{ figure('denominator', 6) }} as denominator,
        {{ figure('value', 6) }} as value,
        coalesce(marker, case when {{ figure('value', 6) }} is null then 'x' end) as marker,
        is_provisional,
        is_revised,
        caveat,
        areas_due,
        areas_included,
        {{ figure('expected', 6) }} as expected,
        {{ figure('lower', 6) }} as lower,
        {{ figure('upper', 6) }} as upper,
        {{ figure('score', 4) }} as score,
        {{ figure('p_one', 6) }} as p_one,
        {{ figure('p_sustained', 6) }} as p_sustained,
        {{ figure('dispersion', 3) }} as dispersion,
        {{ figure('national_effect', 3) }} as national_effect,
        {{ figure('completeness', 2) }} as completeness,
        {{ figure('minimum_detectable_change', 6) }} as minimum_detectable_change,
        kind,
        method,
        version,
        coalesce(signal_status, case when is_ours and is_monitored then 'not_assessable' end) as status,
        coalesce(
            signal_reason,
            reason,
            case
                when signal_status is not null then null
                when not is_ours then 'published_series'
                when not is_monitored then 'not_monitored'
                else 'not_tested'
            end
        ) as reason,
        numerator_measure,
        denominator_measure,
        denominator_is_population,
        is_ours
    from joined
),

marked as (
    select
        uncontrolled.*,
        uncontrolled.is_ours
        and (withheld_numerators.measure is not null or withheld_denominators.measure is not null) as is_withheld,
        uncontrolled.lower * uncontrolled.numerator / nullif(uncontrolled.value, 0) as lower_count,
        uncontrolled.upper * uncontrolled.numerator / nullif(uncontrolled.value, 0) as upper_count
    from uncontrolled
    left join {{ source('control', 'withheld_counts') }} as withheld_numerators
        on uncontrolled.numerator_measure = withheld_numerators.measure
        and uncontrolled.area_code = withheld_numerators.area_code
        and uncontrolled.period_type = withheld_numerators.period_type
        and uncontrolled.period_start = withheld_numerators.period_start
        and uncontrolled.breakdown = withheld_numerators.breakdown
    left join {{ source('control', 'withheld_counts') }} as withheld_denominators
        on uncontrolled.denominator_measure = withheld_denominators.measure
        and not uncontrolled.denominator_is_population
        and uncontrolled.area_code = withheld_denominators.area_code
        and uncontrolled.period_type = withheld_denominators.period_type
        and uncontrolled.period_start = withheld_denominators.period_start
        and uncontrolled.breakdown = withheld_denominators.breakdown
),

judged as (
    select
        *,
        is_withheld and not coalesce(
            case
                when status is null or status in ('not_assessable', 'short_history') then true
                when status = 'ok' then lower_count <= 1 and upper_count >= {{ smallest_shown() }} - 1
                else numerator < lower_count and lower_count >= {{ smallest_shown() }}
            end,
            false
        ) as is_judgement_withheld
    from marked
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
    case when not is_withheld then numerator end as numerator,
    case when not is_withheld or denominator_is_population then denominator end as denominator,
    case when not is_withheld then value end as value,
    case when is_withheld then 'c' else marker end as marker,
    is_provisional,
    is_revised,
    caveat,
    areas_due,
    areas_included,
    case when not is_withheld then expected end as expected,
    case when not is_withheld then lower end as lower,
    case when not is_withheld then upper end as upper,
    case when not is_withheld then score end as score,
    case when not is_withheld then p_one end as p_one,
    case when not is_withheld then p_sustained end as p_sustained,
    case when not is_withheld then dispersion end as dispersion,
    case when not is_withheld then national_effect end as national_effect,
    case when not is_withheld then completeness end as completeness,
    case when not is_withheld then minimum_detectable_change end as minimum_detectable_change,
    case when not is_withheld then kind end as kind,
    method,
    version,
    case when is_judgement_withheld then 'not_assessable' else status end as status,
    -- Reasons that follow from what was sent or from the definition stay; the others tell of the size of the count.
    case
        when not is_withheld or reason in (
            'no_return', 'not_due', 'late', 'quarantined', 'partly_covered', 'partial_coverage',
            'reorganised', 'censored', 'gap_after', 'too_little_history', 'gap_in_history', 'partial_roll',
            'known_rests_on_missing_return', 'other_returns_missing', 'numbers_changed',
            'without_care_return', 'parts_awaited', 'not_monitored', 'not_tested'
        ) then reason
        else 'withheld'
    end as reason
from judged
