-- What drove each series that is marked: its movement taken apart by authority, region and the parts of `breakdowns`. Everything is made of
-- published figures, so it tells no more than they do.

-- The movement is what was counted in the window less what the rate of the same months of an earlier year would have given, and a part's
-- is the same with its own counts: what they leave over, and what cannot be told of single parts, is the rest. An authority is
-- measured against the rate of the whole area: its own change, and what it weighs more or less than before.
{% set months_at_most = 12 %}
{% set quarters_at_most = 4 %}
{% set live = ['open', 'acknowledged', 'snoozed'] %}
{# A count that is rounded to a base is off by the base over the square root of twelve, as an even spread is. A movement of twice what that
   makes of all counts together may be rounding alone. #}
{% set errors_at_least = 2 %}

with own as (
    select
        trends.indicator,
        trends.area_code,
        trends.area_level,
        trends.period_start,
        trends.period_end,
        trends.status,
        trends.numerator,
        trends.denominator,
        trends.marker in ('c', 'low', 'high') as is_withheld
    from {{ ref('published_trends') }} as trends
    inner join {{ source('control', 'indicators') }} as indicators
        on trends.indicator = indicators.indicator
        and trends.period_type = indicators.period_type
    where trends.source = 'extracts' and trends.breakdown = 'total' and indicators.joint is null
),

judged as (
    select
        indicator,
        area_code,
        max(period_start) filter (where status in ('ok', 'improving')) as last_good,
        max(period_start) filter (where status = 'worsening') as last_bad
    from own
    group by indicator, area_code
),

-- series with a live alert, and those whose newest judgement is worsening: from when until when
marked as (
    select
        indicator,
        area_code,
        opened_period as first_marked,
        last_period as last_marked,
        1 as preference
    from {{ ref('published_alerts') }}
    where state in ('{{ live | join("', '") }}') and breakdown = 'total'
    union all
    select
        own.indicator,
        own.area_code,
        min(own.period_start) as first_marked,
        max(own.period_start) as last_marked,
        2 as preference
    from own
    inner join judged
        on own.indicator = judged.indicator
        and own.area_code = judged.area_code
    where own.status = 'worsening' and own.period_start > coalesce(judged.last_good, date '1900-01-01')
    group by own.indicator, own.area_code
),

series as (
    select
        marked.indicator,
        marked.area_code,
        marked.first_marked,
        marked.last_marked,
        areas.area_level,
        indicators.numerator as measure,
        indicators.denominator as measure_below,
        indicators.denominator_is_population,
        -- the last year of which the same months came before the change
        cast(floor({{ dbt.datediff('marked.first_marked', 'marked.last_marked', 'month') }} / 12) as integer) + 1 as years_before
    from marked
    inner join {{ ref('published_areas') }} as areas
        on marked.area_code = areas.area_code
    inner join {{ source('control', 'indicators') }} as indicators
        on marked.indicator = indicators.indicator
    qualify row_number() over (partition by marked.indicator, marked.area_code order by marked.preference) = 1
),

-- periods of which the series shows both counts, then and the years before
compared as (
    select
        series.indicator,
        series.area_code,
        series.first_marked,
        series.last_marked,
        now.period_start,
        now.period_end,
        {{ quarter_start('now.period_start') }} as quarter,
        {{ add_months('now.period_start', '(-12 * series.years_before)') }} as period_before,
        now.numerator,
        now.denominator,
        before.numerator as numerator_before,
        before.denominator as denominator_before
    from series
    inner join own as now
        on series.indicator = now.indicator
        and series.area_code = now.area_code
    inner join own as before
        on series.indicator = before.indicator
        and series.area_code = before.area_code
        and before.period_start = {{ add_months('now.period_start', '(-12 * series.years_before)') }}
    where
        now.numerator is not null and now.denominator > 0 and before.numerator is not null and before.denominator > 0
),

-- whole quarters where its parts are counted in such, which the change touches and whose former ones it does not
quarters as (
    select
        compared.indicator,
        compared.area_code,
        compared.quarter,
        {{ add_months('compared.quarter', '(-12 * any_value(series.years_before))') }} as quarter_before,
        row_number() over (partition by compared.indicator, compared.area_code order by compared.quarter desc) as newest_first
    from compared
    inner join series
        on compared.indicator = series.indicator
        and compared.area_code = series.area_code
    where
        series.measure in (
            select parts.measure
            from {{ ref('published_breakdowns') }} as parts
            where parts.dimension <> 'whole_year'
        )
    group by compared.indicator, compared.area_code, compared.quarter
    having
        count(*) = 3
        and max(compared.period_before) < any_value(series.first_marked)
        and max(compared.period_start) >= any_value(series.first_marked)
        and min(compared.period_start) <= any_value(series.last_marked)
),

chosen_quarters as (
    select *
    from quarters
    where newest_first <= {{ quarters_at_most }}
),

windows as (
    select compared.*
    from compared
    inner join chosen_quarters as quarters
        on compared.indicator = quarters.indicator
        and compared.area_code = quarters.area_code
        and compared.quarter = quarters.quarter
    union all
    select compared.*
    from compared
    left join (
        select distinct
            indicator,
            area_code
        from chosen_quarters
    ) as by_quarter
        on compared.indicator = by_quarter.indicator
        and compared.area_code = by_quarter.area_code
    where by_quarter.indicator is null and compared.period_start between compared.first_marked and compared.last_marked
    qualify
        row_number() over (partition by compared.indicator, compared.area_code order by compared.period_start desc)
        <= {{ months_at_most }}
),

summed as (
    select
        windows.indicator,
        windows.area_code,
        min(windows.period_start) as first_period,
        max(windows.period_end) as last_period,
        cast(count(*) as integer) as periods,
        sum(windows.numerator) as counted,
        sum(windows.denominator) as below,
        sum(windows.numerator_before) as counted_before,
        sum(windows.denominator_before) as below_before,
        sum(windows.denominator) / sum(windows.denominator_before) as growth,
        sum(windows.numerator_before) / sum(windows.denominator_before) as rate_before
    from windows
    group by windows.indicator, windows.area_code
),

whole as (
    select
        summed.*,
        series.area_level,
        series.measure,
        series.measure_below,
        series.denominator_is_population,
        series.years_before,
        summed.growth * summed.counted_before as expected,
        cast(round(summed.counted - summed.growth * summed.counted_before) as bigint) as contribution
    from summed
    inner join series
        on summed.indicator = series.indicator
        and summed.area_code = series.area_code
    inner join {{ source('control', 'disclosure') }} as rules
        on series.area_level = rules.area_level
    where
        abs(summed.counted - summed.growth * summed.counted_before)
        >= {{ errors_at_least }} * rules.base * sqrt(summed.periods * (1 + pow(summed.growth, 2)) / 12)
),

-- whose figures add up to those of an area
members as (
    select
        whole.indicator,
        whole.area_code,
        areas.area_code as member,
        case areas.area_level when 'region' then 'region' else 'authority' end as dimension
    from whole
    inner join {{ ref('published_areas') }} as areas
        on (whole.area_level = 'region' and areas.area_level = 'local_authority' and areas.region_code = whole.area_code)
        or (whole.area_level = 'country' and areas.area_level in ('local_authority', 'region'))
),

-- a count that is not shown is nought here, and says so
of_members as (
    select
        members.indicator,
        members.area_code,
        members.dimension,
        members.member,
        coalesce(sum(now.numerator), 0) as counted,
        coalesce(sum(now.denominator) filter (where now.numerator is not null), 0) as below,
        coalesce(sum(before.numerator), 0) as counted_before,
        coalesce(sum(before.denominator) filter (where before.numerator is not null), 0) as below_before,
        count(now.numerator) = count(*) and count(before.numerator) = count(*) as is_shown,
        coalesce(bool_or(now.is_withheld), false) or coalesce(bool_or(before.is_withheld), false) as is_withheld
    from members
    inner join windows
        on members.indicator = windows.indicator
        and members.area_code = windows.area_code
    left join own as now
        on members.indicator = now.indicator
        and members.member = now.area_code
        and windows.period_start = now.period_start
    left join own as before
        on members.indicator = before.indicator
        and members.member = before.area_code
        and windows.period_before = before.period_start
    group by members.indicator, members.area_code, members.dimension, members.member
),

-- those of which a return is wanting in some of the periods are taken together: what they weigh less or more is no change of theirs
by_area as (
    select
        whole.indicator,
        whole.area_code,
        'whole' as within,
        of_members.dimension,
        case when of_members.is_shown then of_members.member else 'absent' end as part,
        sum(of_members.counted) as counted,
        sum(
            whole.growth * of_members.counted_before
            + whole.rate_before * (of_members.below - whole.growth * of_members.below_before)
        ) as expected
    from of_members
    inner join whole
        on of_members.indicator = whole.indicator
        and of_members.area_code = whole.area_code
    where not of_members.is_withheld and (of_members.counted > 0 or of_members.counted_before > 0)
    group by
        whole.indicator,
        whole.area_code,
        of_members.dimension,
        case when of_members.is_shown then of_members.member else 'absent' end
),

-- parts of a measure in the quarters of a series, where each of them is shown
parts as (
    select
        quarters.indicator,
        quarters.area_code as series_area_code,
        now.area_code,
        now.measure,
        now.dimension,
        now.part,
        sum(now.counted) as counted,
        sum(before.counted) as counted_before
    from chosen_quarters as quarters
    inner join whole
        on quarters.indicator = whole.indicator
        and quarters.area_code = whole.area_code
    inner join {{ ref('published_breakdowns') }} as now
        on quarters.quarter = now.period_start
        and now.measure in (whole.measure, whole.measure_below)
        and now.dimension <> 'whole_year'
    inner join {{ ref('published_breakdowns') }} as before
        on quarters.quarter_before = before.period_start
        and now.measure = before.measure
        and now.area_code = before.area_code
        and now.dimension = before.dimension
        and now.part = before.part
    where
        now.area_code = quarters.area_code
        or (
            whole.denominator_is_population and now.area_level = 'local_authority' and now.measure = whole.measure
            and whole.area_level in ('region', 'country')
        )
    group by quarters.indicator, quarters.area_code, now.area_code, now.measure, now.dimension, now.part
    having
        count(now.counted) = count(*) and count(before.counted) = count(*)
        and min(now.months) = 3 and min(before.months) = 3 and 3 * count(*) = max(whole.periods)
),

by_part as (
    select
        whole.indicator,
        whole.area_code,
        'whole' as within,
        above.dimension,
        above.part,
        above.counted,
        whole.growth * above.counted_before
        + case
            when whole.denominator_is_population then 0
            else whole.rate_before * (below.counted - whole.growth * below.counted_before)
        end as expected
    from whole
    inner join parts as above
        on whole.indicator = above.indicator
        and whole.area_code = above.series_area_code
        and whole.area_code = above.area_code
        and whole.measure = above.measure
    left join parts as below
        on whole.indicator = below.indicator
        and whole.area_code = below.series_area_code
        and whole.area_code = below.area_code
        and whole.measure_below = below.measure
        and above.dimension = below.dimension
        and above.part = below.part
    where whole.denominator_is_population or below.part is not null
),

-- the part that says most of the movement of a region or of England is taken apart by authority
foremost as (
    select
        by_part.indicator,
        by_part.area_code,
        by_part.dimension,
        by_part.part,
        by_part.counted,
        by_part.expected
    from by_part
    inner join whole
        on by_part.indicator = whole.indicator
        and by_part.area_code = whole.area_code
    where
        whole.area_level in ('region', 'country') and whole.denominator_is_population
        and sign(by_part.counted - by_part.expected) = sign(whole.contribution)
    qualify
        row_number() over (
            partition by by_part.indicator, by_part.area_code
            order by
                case by_part.dimension when 'age_and_sex' then 1 else 0 end,
                abs(by_part.counted - by_part.expected) desc,
                by_part.part
        ) = 1
),

by_area_within as (
    select
        whole.indicator,
        whole.area_code,
        foremost.dimension || ':' || foremost.part as within,
        of_members.dimension,
        of_members.member as part,
        parts.counted,
        whole.growth * parts.counted_before
        + foremost.expected / whole.growth / whole.below_before
        * (of_members.below - whole.growth * of_members.below_before) as expected
    from foremost
    inner join whole
        on foremost.indicator = whole.indicator
        and foremost.area_code = whole.area_code
    inner join parts
        on foremost.indicator = parts.indicator
        and foremost.area_code = parts.series_area_code
        and foremost.dimension = parts.dimension
        and foremost.part = parts.part
        and whole.measure = parts.measure
    inner join of_members
        on foremost.indicator = of_members.indicator
        and foremost.area_code = of_members.area_code
        and parts.area_code = of_members.member
        and of_members.dimension = 'authority'
        and of_members.is_shown
),

found as (
    select *
    from by_area
    union all
    select *
    from by_part
    union all
    select *
    from by_area_within
),

-- what they are parts of
wholes as (
    select
        indicator,
        area_code,
        'whole' as within,
        counted,
        expected,
        contribution
    from whole
    union all
    select
        indicator,
        area_code,
        dimension || ':' || part as within,
        counted,
        expected,
        cast(round(counted - expected) as bigint) as contribution
    from foremost
),

rests as (
    select
        wholes.indicator,
        wholes.area_code,
        wholes.within,
        found.dimension,
        'rest' as part,
        wholes.counted - sum(found.counted) as counted,
        wholes.contribution - sum(cast(round(found.counted - found.expected) as bigint)) as contribution
    from wholes
    inner join found
        on wholes.indicator = found.indicator
        and wholes.area_code = found.area_code
        and wholes.within = found.within
    group by wholes.indicator, wholes.area_code, wholes.within, wholes.counted, wholes.contribution, found.dimension
),

rows_told as (
    select
        indicator,
        area_code,
        within,
        'whole' as dimension,
        'whole' as part,
        counted,
        contribution
    from wholes
    union all
    select
        indicator,
        area_code,
        within,
        dimension,
        part,
        counted,
        cast(round(counted - expected) as bigint) as contribution
    from found
    union all
    select *
    from rests
)

select
    rows_told.indicator,
    rows_told.area_code,
    rows_told.within,
    rows_told.dimension,
    rows_told.part,
    whole.first_period,
    whole.last_period,
    whole.periods,
    whole.years_before,
    cast(rows_told.counted as bigint) as counted,
    cast(rows_told.counted as bigint) - cast(rows_told.contribution as bigint) as expected,
    cast(rows_told.contribution as bigint) as contribution,
    round(100.0 * rows_told.contribution / nullif(wholes.contribution, 0), 1) as share
from rows_told
inner join whole
    on rows_told.indicator = whole.indicator
    and rows_told.area_code = whole.area_code
inner join wholes
    on rows_told.indicator = wholes.indicator
    and rows_told.area_code = wholes.area_code
    and rows_told.within = wholes.within
