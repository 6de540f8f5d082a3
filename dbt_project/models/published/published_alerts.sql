-- An alert that was raised under a former code or name of an area stands under those of today, like every figure.
-- Its figures are made of those of `trends` and of nothing else, so that they tell no more: the span of periods up to the latest in which
-- it held that stands out most. Where no such sum lies beyond what is usual the last year is given as a whole, without a range, if it lies
-- on the side of the alert; and nothing where the latest figure is not shown. A pending alert is a first mark and nothing else: where
-- `trends` does not tell the mark, since not each count that may be behind it would have been marked, neither does the alert. An alert that
-- began or was last marked in such a period stands with the first and the last that are told; where none is, with the first month of its
-- quarter (of the first term of its school year), so that it does not say which of them it was.
{% set spans = [1, 2, 3, 4, 5, 6, 8, 10, 12] %}
{# Standard deviations to each side of what was expected: 99 of 100 periods in which nothing happened lie within. #}
{% set quantile = 2.576 %}
{# Of several periods together, that follow each other more than chance would have it. Measured on a simulated country: 99 of 100 spans of
   authorities without a worsening lay within 1.2 times the range of independent periods, of regions and England within 1.65 times. #}
{% set reach_of_authority = 1.2 %}
{% set reach_of_others = 1.65 %}

with raised as (
    select
        alerts.*,
        coalesce(areas.area_code, alerts.area_code) as current_area_code,
        coalesce(areas.area_name, alerts.area_name) as current_area_name,
        case alerts.direction when 'up' then 1 else -1 end as worse
    from {{ source('state', 'alerts') }} as alerts
    left join {{ ref('published_area_codes') }} as codes
        on alerts.area_code = codes.area_code
    left join {{ ref('published_areas') }} as areas
        on codes.current_area_code = areas.area_code
),

-- periods of an alert that are told as marked, and whether its first and last have a judgement that is not told
told_periods as (
    select
        raised.alert_id,
        any_value(indicators.period_type) as period_type,
        min(trends.period_start) filter (where trends.status = 'worsening') as first_marked,
        max(trends.period_start) filter (where trends.status = 'worsening') as last_marked,
        {%- for end in ['opened', 'last'] %}
        coalesce(bool_or(trends.period_start = raised.{{ end }}_period and {{ is_untold('trends') }}), false) as is_{{ end }}_untold
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from raised
    inner join {{ ref('published_trends') }} as trends
        on raised.indicator = trends.indicator
        and raised.current_area_code = trends.area_code
        and raised.breakdown = trends.breakdown
        and trends.source = 'extracts'
        and trends.period_start between raised.opened_period and raised.last_period
    inner join {{ source('control', 'indicators') }} as indicators
        on raised.indicator = indicators.indicator
        and trends.period_type = indicators.period_type
    group by raised.alert_id
),

placed as (
    select
        raised.* replace (
            case
                when not coalesce(told_periods.is_opened_untold, false) then raised.opened_period
                else coalesce(told_periods.first_marked, {{ start_of_several('raised.opened_period', 'told_periods.period_type') }})
            end as opened_period,
            case
                when not coalesce(told_periods.is_last_untold, false) then raised.last_period
                when told_periods.last_marked is not null then told_periods.last_marked
                when told_periods.is_opened_untold
                    then {{ start_of_several('raised.last_period', 'told_periods.period_type') }}
                else greatest({{ start_of_several('raised.last_period', 'told_periods.period_type') }}, raised.opened_period)
            end as last_period
        )
    from raised
    left join told_periods
        on raised.alert_id = told_periods.alert_id
),

-- every released period of the series of an alert
series as (
    select
        placed.alert_id,
        placed.worse,
        placed.opened_period,
        placed.last_period,
        trends.period_start,
        trends.value,
        trends.expected,
        trends.lower,
        trends.upper,
        trends.kind,
        trends.status,
        trends.is_provisional,
        trends.numerator,
        trends.denominator,
        indicators.decimals,
        indicators.kind = 'proportion' as is_proportion,
        case trends.period_type when 'term' then 3 else 12 end as per_year,
        {{ unit_of_value() }} as unit_of_value,
        case trends.area_level when 'local_authority' then {{ reach_of_authority }} else {{ reach_of_others }} end as reach,
        -- a figure of twelve months holds most of what the one before it held
        coalesce(indicators.months_before = 11, false) as is_of_a_year,
        coalesce(trends.upper > trends.lower and trends.expected is not null and trends.value is not null, false) as is_judged
    from placed
    inner join {{ ref('published_trends') }} as trends
        on placed.indicator = trends.indicator
        and placed.current_area_code = trends.area_code
        and placed.breakdown = trends.breakdown
        and trends.source = 'extracts'
    inner join {{ source('control', 'indicators') }} as indicators
        on placed.indicator = indicators.indicator
        and trends.period_type = indicators.period_type
),

counted as (
    select
        *,
        row_number() over (partition by alert_id order by period_start desc) as periods,
        expected * denominator / unit_of_value as expected_count,
        pow((upper - lower) / 2 / {{ quantile }} * denominator / unit_of_value, 2) as variance
    from series
    where period_start <= last_period
),

summed as (
    select
        alert_id,
        worse,
        periods,
        per_year,
        decimals,
        is_proportion,
        unit_of_value,
        period_start as first_period,
        value as value_alone,
        expected as expected_alone,
        lower as lower_alone,
        upper as upper_alone,
        sum(numerator) over so_far as numerator,
        sum(denominator) over so_far as denominator,
        sum(expected_count) over so_far as expected_count,
        {{ quantile }} * case when periods = 1 then 1 else reach end * sqrt(sum(variance) over so_far) as half_range
    from counted
    window so_far as (partition by alert_id order by periods)
    qualify
        periods in ({{ spans | join(', ') }})
        and bool_and(is_judged) over so_far
        and (periods = 1 or bool_and(coalesce(denominator > 0 and numerator is not null and not is_of_a_year, false)) over so_far)
),

-- in the unit of the indicator, rounded as it is shown
told as (
    select
        alert_id,
        worse,
        periods,
        per_year,
        first_period,
        worse * (numerator - expected_count) / half_range as strength,
        cast(round((numerator - expected_count) / 5) * 5 as integer) as difference,
        case when periods = 1 then value_alone else round(numerator / denominator * unit_of_value, decimals) end as value,
        case when periods = 1 then expected_alone else round(expected_count / denominator * unit_of_value, decimals) end as expected,
        case
            when periods = 1 then lower_alone
            else greatest(round((expected_count - half_range) / denominator * unit_of_value, decimals), 0)
        end as lower,
        case
            when periods = 1 then upper_alone
            when is_proportion then least(round((expected_count + half_range) / denominator * unit_of_value, decimals), 100)
            else round((expected_count + half_range) / denominator * unit_of_value, decimals)
        end as upper
    from summed
),

judged as (
    select
        *,
        case worse when 1 then value > upper else value < lower end as is_beyond
    from told
    qualify
        row_number() over (
            partition by alert_id order by is_beyond desc, case when is_beyond then strength end desc nulls last, periods
        ) = 1
        and is_beyond
    union all
    select
        * replace (null as lower, null as upper),
        false as is_beyond
    from told
    where periods = per_year and worse * (value - expected) > 0
),

chosen as (
    select *
    from judged
    qualify row_number() over (partition by alert_id order by is_beyond desc) = 1
),

newest as (
    select *
    from series
    where value is not null and expected is not null
    qualify row_number() over (partition by alert_id order by period_start desc) = 1
),

latest as (
    select
        alert_id,
        kind,
        is_provisional
    from series
    where period_start = last_period and value is not null
),

-- marked in a period of which the judgement is not told
untold as (
    select alert_id
    from series
    where period_start = last_period and status is distinct from 'worsening'
),

lasted as (
    select
        alert_id,
        count(*) as periods_passed,
        count(*) filter (where status = 'worsening') as periods_marked
    from series
    where period_start between opened_period and last_period
    group by alert_id
)

select
    placed.alert_id,
    placed.fingerprint,
    placed.indicator,
    placed.current_area_code as area_code,
    placed.current_area_name as area_name,
    placed.area_level,
    placed.breakdown,
    placed.direction,
    placed.severity,
    placed.state,
    placed.opened_period,
    placed.first_raised_on,
    placed.last_period,
    placed.resolved_on,
    placed.release_id,
    placed.title,
    cast(lasted.periods_passed as integer) as periods_passed,
    cast(lasted.periods_marked as integer) as periods_marked,
    case
        when latest.alert_id is not null
            then cast(
                json_object(
                    'first', chosen.first_period,
                    'last', placed.last_period,
                    'periods', chosen.periods,
                    'value', chosen.value,
                    'expected', chosen.expected,
                    'lower', chosen.lower,
                    'upper', chosen.upper,
                    'difference', nullif(chosen.difference, 0),
                    'change', nullif(round(100 * (chosen.value / nullif(chosen.expected, 0) - 1)), 0),
                    'newest', newest.period_start,
                    'newest_value', newest.value,
                    'newest_expected', newest.expected,
                    'kind', latest.kind,
                    'is_provisional', latest.is_provisional
                ) as varchar
            )
    end as summary
from placed
left join lasted
    on placed.alert_id = lasted.alert_id
left join latest
    on placed.alert_id = latest.alert_id
left join chosen
    on latest.alert_id = chosen.alert_id
left join newest
    on placed.alert_id = newest.alert_id
left join untold
    on placed.alert_id = untold.alert_id
where placed.state is distinct from 'pending' or untold.alert_id is null
