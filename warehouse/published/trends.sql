-- Every indicator value with the judgement on it, before disclosure control. A monitored month of our own that the detector did not
-- judge says why; figures that are never judged have no status.
with
known_areas as (
    select
        area_code,
        max(region_code) as region_code,
        max(sub_region_code) as sub_region_code
    from work.marts.dim_areas
    group by area_code
),

joined as (
    select
        indicator_values.*,
        known_areas.region_code,
        known_areas.sub_region_code,
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
        indicator_values.source = 'extracts' as is_ours
    from work.marts.fct_values as indicator_values
    inner join work.control.indicators as indicators
        on indicator_values.indicator = indicators.indicator
    left join known_areas
        on indicator_values.area_code = known_areas.area_code
    left join work.marts.fct_signals as signals
        on indicator_values.indicator = signals.indicator
        and indicator_values.area_code = signals.area_code
        and indicator_values.period_type = signals.period_type
        and indicator_values.period_start = signals.period_start
        and indicator_values.breakdown = signals.breakdown
        and indicator_values.source = signals.source
)

select
    indicator,
    area_code,
    la_code,
    area_level,
    region_code,
    sub_region_code,
    period_type,
    period_start,
    period_end,
    breakdown,
    source,
    numerator,
    figure(denominator, 6) as denominator,
    figure(value, 6) as value,
    coalesce(marker, case when figure(value, 6) is null then 'x' end) as marker,
    is_provisional,
    is_revised,
    caveat,
    areas_due,
    areas_included,
    figure(expected, 6) as expected,
    figure(lower, 6) as lower,
    figure(upper, 6) as upper,
    figure(score, 4) as score,
    figure(p_one, 6) as p_one,
    figure(p_sustained, 6) as p_sustained,
    figure(dispersion, 3) as dispersion,
    figure(national_effect, 3) as national_effect,
    figure(completeness, 2) as completeness,
    figure(minimum_detectable_change, 6) as minimum_detectable_change,
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
    ) as reason
from joined
