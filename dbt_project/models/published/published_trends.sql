-- Every indicator value with the judgement on it, after disclosure control: counts of ours are those of control.controlled_counts,
-- everything else is made of them, and nothing stands beside a figure that is not shown. A monitored month of our own that the
-- detector did not judge says why; figures that are never judged have no status. The judgement on a withheld count stays only where
-- each count that it may be would have had it.

-- joint figures of which a count, in any of the months that they are made of, is not shown; a gap to neighbours is made of what was
-- found and, of its other parts, of those exposed alone
with parts_hidden as (
    select distinct
        facts.indicator,
        facts.area_code,
        facts.period_start
    from {{ source('detection', 'fct_values') }} as facts
    inner join {{ source('control', 'indicators') }} as indicators
        on facts.indicator = indicators.indicator
    inner join {{ source('control', 'indicator_parts') }} as parts
        on facts.indicator = parts.indicator
    inner join {{ source('control', 'indicators') }} as behind
        on parts.part = behind.indicator
    inner join {{ source('control', 'controlled_counts') }} as counts
        on parts.part = counts.indicator
        and (
            indicators.joint <> 'neighbours'
            or counts.measure = case when behind.numerator = indicators.numerator then behind.numerator else behind.denominator end
        )
        and facts.area_code = counts.area_code
        and facts.period_type = counts.period_type
        and facts.breakdown = counts.breakdown
        and counts.marker is not null
        and counts.period_start <= facts.period_start
        and facts.period_start < case indicators.joint
            {%- for joint, months in months_of_joint().items() %}
            when '{{ joint }}' then {{ add_months('counts.period_start', months) }}
            {%- endfor %}
        end
    where facts.value is not null
),

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
        signals.minimum_detectable_drift,
        signals.slope_error,
        signals.kind,
        signals.method,
        signals.version,
        signals.status as signal_status,
        signals.reason as signal_reason,
        indicators.is_monitored,
        indicators.denominator_is_population,
        indicators.joint,
        indicators.kind = 'proportion' as is_proportion,
        least(indicators.decimals, 1) as joint_decimals,
        indicators.decimals,
        case indicators.bad_direction when 'up' then 1 else -1 end as worse,
        {{ unit_of_value() }} as unit_of_value,
        facts.source = 'extracts' as is_ours,
        coalesce(indicators.joint in ('divergence', 'neighbours', 'confidence'), false) as is_without_count,
        above.shown as numerator_shown,
        case
            when indicators.denominator_is_population then {{ figure('facts.denominator', 6) }}
            else below.shown
        end as denominator_shown,
        case
            when above.marker = 'c' or below.marker = 'c' or parts_hidden.indicator is not null then 'c'
            else coalesce(above.marker, below.marker)
        end as count_marker,
        rules.smallest_shown,
        rules.base
    from {{ source('detection', 'fct_values') }} as facts
    inner join {{ source('control', 'indicators') }} as indicators
        on facts.indicator = indicators.indicator
    inner join {{ source('control', 'disclosure') }} as rules
        on facts.area_level = rules.area_level
    left join {{ source('detection', 'fct_signals') }} as signals
        on facts.indicator = signals.indicator
        and facts.area_code = signals.area_code
        and facts.period_type = signals.period_type
        and facts.period_start = signals.period_start
        and facts.breakdown = signals.breakdown
        and facts.source = signals.source
    left join {{ source('control', 'controlled_counts') }} as above
        on facts.source = 'extracts'
        and facts.indicator = above.indicator
        and indicators.numerator = above.measure
        and facts.area_code = above.area_code
        and facts.period_type = above.period_type
        and facts.period_start = above.period_start
        and facts.breakdown = above.breakdown
    left join {{ source('control', 'controlled_counts') }} as below
        on facts.source = 'extracts'
        and not indicators.denominator_is_population
        and facts.indicator = below.indicator
        and indicators.denominator = below.measure
        and facts.area_code = below.area_code
        and facts.period_type = below.period_type
        and facts.period_start = below.period_start
        and facts.breakdown = below.breakdown
    left join parts_hidden
        on facts.source = 'extracts'
        and facts.indicator = parts_hidden.indicator
        and facts.area_code = parts_hidden.area_code
        and facts.period_start = parts_hidden.period_start
),

-- what one event is in the unit, as it was judged and as it is shown
rounded as (
    select
        * replace (
            case when is_ours then cast(numerator_shown as double) else numerator end as numerator,
            case when is_ours then cast(denominator_shown as double) else {{ figure('denominator', 6) }} end as denominator
        ),
        numerator as true_numerator,
        unit_of_value / nullif(denominator, 0) as true_per_event,
        unit_of_value / nullif(denominator_shown, 0) as per_event
    from joined
),

valued as (
    select
        * replace (
            case
                when not is_ours then {{ figure('value', 6) }}
                when is_without_count then {{ figure('value', 'joint_decimals') }}
                when joint = 'rest' then {{ figure('100 - numerator * per_event', 6) }}
                else {{ figure('numerator * per_event', 6) }}
            end as value
        ),
        -- the standard normal score of the rounded count by its square root (Anscombe 1948, Biometrika 35: 246)
        case
            when is_ours
                then worse * 2 * (sqrt(numerator + 0.375) - sqrt(expected / per_event + 0.125)) / sqrt(dispersion)
        end as score_of_month,
        lower / true_per_event * per_event as lower_of_rounded,
        upper / true_per_event * per_event as upper_of_rounded,
        -- the range of an estimate with the chance in the rounded count (log scale); see monitoring/joint.py
        case
            when method = 'estimate'
                then exp(
                    1.96 * sqrt(
                        greatest(pow(ln((100 - lower) / (100 - value)) / 1.96, 2) - 1 / true_numerator, 0)
                        + 1 / nullif(numerator, 0)
                    )
                )
        end as reach
    from rounded
),

controlled as (
    select
        * replace (
            case
                when not is_ours then {{ figure('expected', 6) }}
                when is_without_count then {{ figure('expected', 'joint_decimals') }}
                else {{ figure('expected', 'decimals') }}
            end as expected,
            case
                when not is_ours then {{ figure('lower', 6) }}
                when is_without_count then {{ figure('lower', 'joint_decimals') }}
                when method = 'estimate' then {{ figure('100 - (100 - value) * reach', 'joint_decimals') }}
                when is_proportion and greatest(lower, lower_of_rounded) >= 100 then 100
                else {{ figure('lower_of_rounded', 'decimals') }}
            end as lower,
            case
                when not is_ours then {{ figure('upper', 6) }}
                when is_without_count then {{ figure('upper', 'joint_decimals') }}
                when method = 'estimate' then {{ figure('100 - (100 - value) / reach', 'joint_decimals') }}
                -- as many as there may be below the line are all of them: whether a limit is cut off there would tell the true number
                when is_proportion and (upper >= 100 or upper_of_rounded * denominator >= 100 * (denominator - floor(base / 2.0))) then 100
                else {{ figure('upper_of_rounded', 'decimals') }}
            end as upper,
            case
                when not is_ours then {{ figure('score', 4) }}
                when is_without_count then {{ figure('score', 1) }}
                when score is not null then {{ figure('greatest(score_of_month, ' ~ score_of('p_sustained') ~ ')', 1) }}
            end as score,
            case
                when not is_ours then {{ figure('p_one', 6) }}
                when p_one is not null then {{ band_of_score('score_of_month') }}
            end as p_one,
            case when is_ours then {{ band('p_sustained') }} else {{ figure('p_sustained', 6) }} end as p_sustained,
            -- shares of the expected number: finer than in steps of some tenth of what they are, they would tell that number
            {{ figure('minimum_detectable_change', 'case when is_ours then 2 else 6 end') }} as minimum_detectable_change,
            {{ figure('minimum_detectable_drift', 'case when is_ours then 3 else 6 end') }} as minimum_detectable_drift,
            {{ figure('slope_error', 'case when is_ours then 3 else 6 end') }} as slope_error
        ),
        lower / true_per_event as lower_count,
        upper / true_per_event as upper_count
    from valued
),

marked as (
    select
        *,
        case
            when not is_ours then null
            when count_marker is not null then count_marker
            when is_proportion then {{ code_of_share('value', 'denominator') }}
        end as hidden,
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
        ) as full_reason,
        is_ours and count_marker is not null as is_withheld
    from controlled
),

judged as (
    select
        *,
        -- a joint figure rests on several months of several counts, so its status tells of no one of them
        is_withheld and not is_without_count and not coalesce(
            case
                when status is null or status in ('not_assessable', 'short_history') then true
                when status = 'ok'
                    then lower_count <= case when hidden = 'low' then 0 else 1 end and upper_count >= smallest_shown - 1
                else true_numerator < lower_count and lower_count >= smallest_shown
            end,
            false
        ) as is_judgement_withheld
    from marked
),

told as (
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
        case when hidden is null and not (is_ours and is_without_count) then cast(numerator as bigint) end as numerator,
        case when not is_withheld or denominator_is_population then cast(denominator as bigint) end as denominator,
        case when hidden is null then value end as value,
        coalesce(hidden, marker, case when value is null then 'x' end) as marker,
        is_provisional,
        is_revised,
        caveat,
        areas_due,
        areas_included,
        case when hidden is null then expected end as expected,
        case when hidden is null then lower end as lower,
        case when hidden is null then upper end as upper,
        case when hidden is null then score end as score,
        case when hidden is null then p_one end as p_one,
        case when hidden is null then p_sustained end as p_sustained,
        case when hidden is null then {{ figure('dispersion', 3) }} end as dispersion,
        case when hidden is null then {{ figure('national_effect', 3) }} end as national_effect,
        case when hidden is null then {{ figure('completeness', 2) }} end as completeness,
        case when hidden is null then minimum_detectable_change end as minimum_detectable_change,
        case when hidden is null then minimum_detectable_drift end as minimum_detectable_drift,
        case when hidden is null then slope_error end as slope_error,
        case when hidden is null then kind end as kind,
        method,
        version,
        case when is_judgement_withheld then 'not_assessable' else status end as status,
        -- Reasons that follow from what was sent or from the definition stay; the others tell of the size of the count.
        case
            when not is_withheld or full_reason in (
                'no_return', 'not_due', 'late', 'quarantined', 'partly_covered', 'partial_coverage',
                'reorganised', 'censored', 'gap_after', 'too_little_history', 'gap_in_history', 'partial_roll',
                'known_rests_on_missing_return', 'other_returns_missing', 'numbers_changed',
                'without_care_return', 'parts_awaited', 'not_monitored', 'not_tested'
            ) then full_reason
            else 'withheld'
        end as reason
    from judged
),

-- our own figures that were published as others before; that nothing had come yet was no figure
revised as (
    select distinct
        told.indicator,
        told.area_code,
        told.period_type,
        told.period_start,
        told.breakdown,
        told.source
    from told
    inner join {{ source('state', 'trends_vintages') }} as before
        on told.indicator = before.indicator
        and coalesce(told.la_code, told.area_code) = coalesce(before.la_code, before.area_code)
        and told.period_type = before.period_type
        and told.period_start = before.period_start
        and told.breakdown = before.breakdown
        and told.source = before.source
    where
        told.source = 'extracts'
        and (before.value is not null or before.marker in ('c', 'low', 'high'))
        and (
            told.numerator is distinct from before.numerator
            or told.denominator is distinct from before.denominator
            or told.value is distinct from before.value
            or told.marker is distinct from before.marker
        )
)

select told.* replace (case when told.source = 'extracts' then revised.indicator is not null else told.is_revised end as is_revised)
from told
left join revised
    on told.indicator = revised.indicator
    and told.area_code = revised.area_code
    and told.period_type = revised.period_type
    and told.period_start = revised.period_start
    and told.breakdown = revised.breakdown
    and told.source = revised.source
