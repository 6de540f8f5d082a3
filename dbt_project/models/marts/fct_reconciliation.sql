-- Our counts beside the official ones for the same area and year. A year can be compared where each of its months is covered for every
-- authority of the area and is final. Official counts are rounded to ten in some series, and a figure is revised between releases: ten cases or
-- one in twenty, whichever is more, is therefore no difference. That is a choice, made before any figure was compared.
{% set cases = 10 %}
{% set one_in = 20 %}

with official as (
    select
        facts.indicator,
        facts.area_code,
        facts.la_code,
        facts.area_level,
        facts.period_type,
        facts.period_start,
        facts.period_end,
        facts.breakdown,
        facts.source,
        facts.numerator,
        facts.marker,
        {{ highest_official('facts.numerator', 'facts.marker') }} as highest,
        indicators.months_before = 11 as is_of_twelve_months
    from {{ ref('fct_indicator_values') }} as facts
    inner join {{ source('control', 'indicators') }} as indicators
        on facts.indicator = indicators.indicator
    where facts.source <> 'extracts' and facts.period_type in ('financial_year', 'academic_year')
),

authorities as (
    select
        la_code,
        max(region_code) as region_code,
        min(valid_from) as valid_from,
        max(coalesce(valid_to, cast('9999-12-31' as date))) as valid_to
    from {{ ref('areas') }}
    where area_level = 'local_authority'
    group by la_code
),

-- all authorities that an area had in any part of a year
members as (
    select
        years.area_level,
        years.area_code,
        years.period_start,
        years.period_end,
        count(*) as authorities
    from (
        select distinct
            area_level,
            area_code,
            la_code,
            period_start,
            period_end
        from official
    ) as years
    inner join authorities
        on authorities.valid_from <= years.period_end
        and authorities.valid_to >= years.period_start
        and (
            years.area_level = 'country'
            or (years.area_level = 'region' and years.area_code = authorities.region_code)
            or (years.area_level = 'local_authority' and years.la_code = authorities.la_code)
        )
    group by years.area_level, years.area_code, years.period_start, years.period_end
),

-- where a count is that of twelve months, the one at the end of the year is the year's
beside as (
    select
        official.indicator,
        official.area_code,
        official.area_level,
        official.period_start,
        official.period_end,
        official.breakdown,
        official.source,
        sum(ours.numerator) as counted,
        count(ours.numerator) as months_held,
        sum(
            case
                when ours.numerator is not null
                    and ours.reason is null
                    and ours.caveat is null
                    and ours.areas_included >= members.authorities then 1
                else 0
            end
        ) as months_covered,
        max(case when ours.is_provisional then 1 else 0 end) as is_provisional
    from official
    inner join members
        on official.area_level = members.area_level
        and official.area_code = members.area_code
        and official.period_start = members.period_start
        and official.period_end = members.period_end
    inner join {{ ref('fct_indicator_values') }} as ours
        on official.indicator = ours.indicator
        and official.area_level = ours.area_level
        and official.area_code = ours.area_code
        and ours.source = 'extracts'
        and ours.period_type = 'month'
        and ours.period_start >= official.period_start
        and ours.period_end <= official.period_end
        and (not official.is_of_twelve_months or ours.period_end = official.period_end)
    group by
        official.indicator,
        official.area_code,
        official.area_level,
        official.period_start,
        official.period_end,
        official.breakdown,
        official.source
),

measured as (
    select
        official.indicator,
        official.area_code,
        official.la_code,
        official.area_level,
        official.period_type,
        official.period_start,
        official.period_end,
        official.breakdown,
        official.source,
        official.numerator as official,
        official.marker as official_marker,
        case when beside.months_covered = case when official.is_of_twelve_months then 1 else 12 end then beside.counted end as counted,
        cast(beside.months_covered * case when official.is_of_twelve_months then 12 else 1 end as integer) as months_covered,
        beside.is_provisional,
        official.highest,
        greatest({{ cases }}, official.highest / {{ one_in }}) as allowed
    from official
    inner join beside
        on official.indicator = beside.indicator
        and official.area_code = beside.area_code
        and official.area_level = beside.area_level
        and official.period_start = beside.period_start
        and official.breakdown = beside.breakdown
        and official.source = beside.source
    where beside.months_held > 0
),

judged as (
    select
        *,
        case
            when breakdown <> 'total' then 'official_in_parts'
            when highest is null then 'marked_in_source'
            when counted is null then 'months_missing'
            when is_provisional = 1 then 'provisional'
        end as reason
    from measured
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
    counted,
    months_covered,
    case when reason is null then counted - official end as difference,
    case when reason is null then allowed end as allowed,
    case
        when reason is not null then 'not_comparable'
        else {{ verdict('counted', 'official', 'official_marker', 'allowed') }}
    end as verdict,
    reason
from judged
