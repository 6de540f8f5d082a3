-- What each data file says of itself: one row a file and column, in the columns of the metadata files of explore education statistics.
-- A file is named after its indicator and its kind of period; where a series gives parts and no total, each part has a file of its own.
-- A column that holds one value in the whole file is no filter.
with
contents as (
    select distinct
        indicator,
        period_type,
        source,
        breakdown,
        status
    from open_data
),

totals as (
    select
        indicator,
        period_type,
        bool_or(breakdown = 'Total') as has_total
    from contents
    group by indicator, period_type
),

files as (
    select
        contents.indicator,
        contents.period_type,
        case when not totals.has_total then contents.breakdown end as part,
        bool_or(contents.source <> 'extracts') as is_official,
        list_sort(list_distinct(list(contents.source))) as sources,
        list_sort(list_distinct(list(contents.breakdown))) as breakdowns,
        list_sort(list_distinct(list(contents.status))) as statuses
    from contents
    inner join totals
        on contents.indicator = totals.indicator
        and contents.period_type = totals.period_type
    group by all
),

described as (
    select
        files.indicator || '_' || files.period_type
        || coalesce('_' || regexp_replace(lower(files.part), '[^a-z0-9]+', '_', 'g'), '') as data_file,
        files.*,
        indicators.name,
        replace(indicators.numerator, '_', ' ') as numerator,
        replace(indicators.denominator, '_', ' ') as denominator,
        case when files.is_official then coalesce(indicators.official_unit, indicators.unit) else indicators.unit end as unit,
        cast(indicators.decimals as varchar) as decimals,
        indicators.kind,
        upper(left(indicators.family, 1)) || substring(indicators.family, 2) as family
    from files
    inner join published.indicators as indicators
        on files.indicator = indicators.indicator
),

filters as (
    select
        data_file,
        indicator,
        period_type,
        part,
        1 as column_order,
        'source' as col_name,
        'Source' as label,
        'extracts: our own figures; otherwise an official series' as filter_hint,
        sources as items
    from described
    union all
    select
        data_file,
        indicator,
        period_type,
        part,
        2 as column_order,
        'breakdown' as col_name,
        'Breakdown' as label,
        'Total, or a part that the official series gives apart' as filter_hint,
        breakdowns as items
    from described
    union all
    select
        data_file,
        indicator,
        period_type,
        part,
        3 as column_order,
        'status' as col_name,
        'Status' as label,
        'Provisional: later returns are expected to change it; Revised: another was published before' as filter_hint,
        statuses as items
    from described
),

figures as (
    select
        data_file,
        indicator,
        period_type,
        part,
        4 as column_order,
        'numerator' as col_name,
        'Numerator' || coalesce(': ' || numerator, '') as label,
        family,
        '' as unit,
        '0' as decimals
    from described
    union all
    select
        data_file,
        indicator,
        period_type,
        part,
        5 as column_order,
        'denominator' as col_name,
        'Denominator' || coalesce(': ' || denominator, '') as label,
        family,
        '' as unit,
        '0' as decimals
    from described
    union all
    select
        data_file,
        indicator,
        period_type,
        part,
        6 as column_order,
        'value' as col_name,
        name || ' (' || unit || ')' as label,
        family,
        case when kind in ('proportion', 'share_of_expected') then '%' else '' end as unit,
        decimals
    from described
)

select
    data_file,
    indicator,
    period_type,
    part,
    column_order,
    col_name,
    'Filter' as col_type,
    label,
    '' as indicator_grouping,
    '' as indicator_unit,
    '' as indicator_dp,
    filter_hint,
    '' as filter_grouping_column,
    case when list_contains(items, 'Total') then 'Total' else items[1] end as filter_default
from filters
where len(items) > 1
union all
select
    data_file,
    indicator,
    period_type,
    part,
    column_order,
    col_name,
    'Indicator' as col_type,
    label,
    family as indicator_grouping,
    unit as indicator_unit,
    decimals as indicator_dp,
    '' as filter_hint,
    '' as filter_grouping_column,
    '' as filter_default
from figures
