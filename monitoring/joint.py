"""Indicators made of several others: exposure against identification, areas against similar ones.

A fall of one indicator has many innocent reasons. Children at risk going unseen shows in two at
once, so these are the indicators of under-identification; the single falls are evidence for them.
"""

from collections.abc import Sequence
from functools import cache

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sightline.monitoring import tables
from sightline.monitoring.detection.discovery import discoveries
from sightline.monitoring.detection.spread import spread
from sightline.warehouse import indicators

Array = NDArray[np.float64]

VERSION = "1"
FEWEST_MONTHS = 4  # of those taken together, in which a part must be known
CLIP = 2.5  # standard deviations that one month may bring; a dip is not a divergence
BOTH = 1.0  # standard deviations by which each part must have moved, two months running
FALSE_DISCOVERIES = 0.10
ALPHA_TOTALS = 0.002  # as for a sustained change of a region or of England
QUANTILE = 2.576
FEWEST_FOR_SPREAD = 50
NEIGHBOURS = 5  # of ten, that must have figures

# How far each part of a divergence is from what was expected, in standard deviations; worse is up.
DISTANCES = """
select
    facts.indicator, facts.area_code, facts.area_level, facts.la_code,
    facts.period_start, facts.period_end, facts.areas_due, facts.areas_included,
    facts.is_provisional, facts.is_revised, facts.value is not null as is_read,
    coalesce(signals.reason = 'reorganised', false) as is_new,
    case indicators.bad_direction when 'up' then 1 else -1 end
        * (facts.value - signals.expected) * 2 * $quantile
        / nullif(signals.upper - signals.lower, 0) as distance
from marts.fct_indicator_values as facts
inner join marts.fct_signals as signals
    using (indicator, source, area_code, period_type, period_start, breakdown)
inner join control.indicators as indicators using (indicator)
where facts.source = 'extracts' and facts.period_type = 'month' and facts.breakdown = 'total'
    and facts.indicator in (select unnest($parts))
order by facts.indicator, facts.area_code, facts.period_start
"""

# The estimate's own range and the chance in the count, as if they were independent (log scale).
RANGE_OF_INDEX = """
insert into marts.fct_signals by name
with spread as (
    select ln(upper / lower) / (2 * 1.96) as of_estimate
    from reference.estimates where estimate = 'children_in_gangs'
),
found as (
    select *, exp(1.96 * sqrt(of_estimate ** 2 + 1 / nullif(numerator, 0))) as reach
    from marts.fct_joint_values cross join spread
    where indicator = $indicator and value is not null
)
select
    indicator, source, area_code, period_type, period_start, breakdown,
    100 - (100 - value) * reach as lower, 100 - (100 - value) / reach as upper,
    'estimate' as method, $version as version
from found
"""

# Nobody exposed in a month is none, not a gap; a part of the exposed that is not known is a gap.
NEIGHBOURHOOD = """
with months as (
    select la_code, area_code, period_start, period_end,
        sum(numerator) filter (where is_found) as found,
        case when count(exposed) filter (where not is_found) = len($exposure)
            then sum(exposed) filter (where not is_found) end as exposed,
        bool_or(is_provisional) as is_provisional, bool_or(is_revised) as is_revised,
        bool_or(coalesce(caveat like '%without_care_return%', false)) as is_apart,
        bool_or(coalesce(caveat like '%one_month_missing%', false)) as has_gap,
        max(reason) filter (where reason <> 'no_denominator') as reason
    from (
        select *, indicator in (select unnest($identification)) as is_found,
            case when reason = 'no_denominator' then 0 else denominator end as exposed
        from marts.fct_indicator_values
        where source = 'extracts' and period_type = 'month' and area_level = 'local_authority'
            and indicator in (select unnest($identification || $exposure))
    ) as parts
    group by all
),
years as (
    select la_code, area_code, period_start, period_end, reason as of_month,
        found is not null and exposed is not null as is_read,
        sum(found) over year as found, sum(exposed) over year as exposed,
        sum(case when found is null or exposed is null then 1 else 0 end) over year as gaps,
        count(*) over year as months,
        bool_or(is_provisional) over year as is_provisional,
        bool_or(is_revised) over year as is_revised,
        bool_or(is_apart) over year as is_apart, bool_or(has_gap) over year as has_gap
    from months
    window year as (
        partition by la_code order by period_start rows {months} - 1 preceding
    )
)
select * exclude (gaps, has_gap),
    case when gaps = 1 or has_gap then 'one_month_missing' end as caveat,
    case
        when is_apart then 'without_care_return'
        when months < {months} then 'too_little_history'
        when not is_read then coalesce(of_month, 'no_count')
        when gaps > 1 then 'gap_in_history'
        when exposed = 0 then 'no_denominator'
    end as reason
from years
order by period_start, la_code
"""


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the joint values that need the signals, and add what is said of all of them."""
    tables.create(connection, "fct_detected_values")
    connection.execute(tables.ALL_VALUES)
    for one in indicators.load():
        if one.joint == "rest":
            connection.execute(RANGE_OF_INDEX, {"indicator": one.indicator, "version": VERSION})
        elif one.joint == "neighbours":
            _add(connection, *_neighbour_gap(connection, one))
        elif one.joint == "divergence":
            _add(connection, *_divergence(connection, one))


@cache
def _together_in(joint: str) -> int:
    """How many months are taken together in a joint indicator of this kind, by the catalogue."""
    [one] = (one for one in indicators.load() if one.joint == joint)
    return one.months_before + 1


def _add(
    connection: duckdb.DuckDBPyConnection, values: pd.DataFrame, signals: pd.DataFrame
) -> None:
    for table, rows in (("fct_detected_values", values), ("fct_signals", signals)):
        if len(rows):
            connection.register("joint_rows", rows)
            connection.execute(f"insert into marts.{table} by name select * from joint_rows")
            connection.unregister("joint_rows")


def _divergence(
    connection: duckdb.DuckDBPyConnection, one: indicators.Indicator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = {"parts": one.parts, "quantile": QUANTILE}
    found = connection.execute(DISTANCES, parts).df()
    tables = [
        _diverged(rows, one)
        for _, rows in found.groupby(found["area_level"] == "local_authority", sort=False)
    ]
    if not tables:
        return pd.DataFrame(), pd.DataFrame()
    values, signals = (
        pd.concat(list(rows), ignore_index=True) for rows in zip(*tables, strict=True)
    )
    return values, signals


def _diverged(found: pd.DataFrame, one: indicators.Indicator) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_panel = found["area_level"].iloc[0] == "local_authority"
    exposure = _together(found, one.exposure)
    identification = _together(found, one.identification)
    exposure, identification = exposure.align(identification)
    value = ((exposure + identification) / np.sqrt(2)).mask(_is_awaited(found))
    moved = (exposure >= BOTH) & (identification >= BOTH)
    twice = moved & moved.shift(1, axis=1, fill_value=False)
    p = pd.DataFrame(stats.norm.sf(value), index=value.index, columns=value.columns)
    p = p.where(twice | value.isna(), 1.0)
    named = p < ALPHA_TOTALS
    if is_panel:
        for month in p:
            named[month] = discoveries(p[month].to_numpy(), FALSE_DISCOVERIES)
    return _tables(found, one.indicator, value, p, named)


def _together(found: pd.DataFrame, parts: Sequence[str]) -> pd.DataFrame:
    """The parts' six-month distances, averaged and in standard deviations of all areas' own."""
    sums = [
        _six_months(found[found["indicator"] == part]) for part in parts
        if (found["indicator"] == part).any()
    ]  # fmt: skip
    if not sums:
        return pd.DataFrame()
    stacked = pd.concat(sums).groupby(level=0).mean()
    # a month in which none of the parts could be judged is no newest evidence of anything
    known = _grid(found[found["indicator"].isin(parts)], "distance").notna()
    stacked = stacked.where(known.reindex_like(stacked))
    values = stacked.to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    if finite.size < FEWEST_FOR_SPREAD:
        return stacked
    return pd.DataFrame(stacked / max(spread(finite), 1 / np.sqrt(len(sums))))


def _six_months(rows: pd.DataFrame) -> pd.DataFrame:
    clipped = (
        _grid(rows, "distance")
        .clip(-CLIP, CLIP)
        .T.rolling(_together_in("divergence"), min_periods=FEWEST_MONTHS)
    )
    return pd.DataFrame((clipped.sum() / np.sqrt(clipped.count())).T)


def _grid(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The largest of the parts in each area and month (areas x months)."""
    grid = rows.pivot_table(
        index="area_code", columns="period_start", values=name, aggfunc="max", dropna=False
    )
    return grid.astype(float)


def _is_awaited(found: pd.DataFrame) -> pd.DataFrame:
    """Areas and months of which a part that comes from there has still to come (areas x months).

    A part of which nothing came in the whole window is not awaited; neither is a month that was
    left out between others.
    """
    awaited = _grid(found, "distance").notna() & False
    for _, rows in found.groupby("indicator"):
        read = _grid(rows, "is_read").reindex_like(awaited).fillna(0.0)
        later = read.T[::-1].cummax()[::-1].T > 0
        recent = read.T.rolling(_together_in("divergence"), min_periods=1).max().T > 0
        awaited |= recent & ~later
    return awaited


def _over_window(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """Where a flag stands at any part in the months that are taken together (areas x months)."""
    return pd.DataFrame(
        _grid(found, name).fillna(0.0).T.rolling(_together_in("divergence"), min_periods=1).max().T
        > 0
    )


def _tables(
    found: pd.DataFrame, indicator: str, value: pd.DataFrame, p: pd.DataFrame, named: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys = ["area_code", "area_level", "la_code", "period_start", "period_end"]
    cells = found.groupby(keys, dropna=False, as_index=False)[["areas_due", "areas_included"]].min()
    row = value.index.get_indexer(pd.Index(cells["area_code"]))
    column = value.columns.get_indexer(pd.Index(cells["period_start"]))
    is_new = _grid(found, "is_new") > 0
    provisional, revised = (
        _over_window(found, f"is_{name}") for name in ("provisional", "revised")
    )
    of_value, of_p, is_named, awaited, young, is_provisional, is_revised = (
        table.reindex_like(value).to_numpy()[row, column]
        for table in (value, p, named, _is_awaited(found), is_new, provisional, revised)
    )
    known = np.isfinite(of_value)
    cells["period_start"] = pd.to_datetime(cells["period_start"]).dt.date
    cells["period_end"] = pd.to_datetime(cells["period_end"]).dt.date
    common = cells.assign(
        indicator=indicator, period_type="month", breakdown="total", source="extracts"
    )
    reason = np.full(known.shape, None, dtype=object)
    reason[~known] = "too_few_parts"
    reason[awaited.astype(bool)] = "parts_awaited"
    reason[~known & young.astype(bool)] = "reorganised"
    values = common.assign(
        value=of_value,
        is_provisional=is_provisional.astype(bool),
        is_revised=is_revised.astype(bool),
        reason=reason,
    )
    status = np.where(known, np.where(is_named, "worsening", "ok"), "not_assessable")
    kind = np.full(known.shape, None, dtype=object)
    kind[status == "worsening"] = "sustained"
    signals = common[["indicator", "source", "area_code", "period_type", "period_start"]].assign(
        breakdown="total",
        expected=np.where(known, 0.0, np.nan),
        lower=np.where(known, -QUANTILE, np.nan),
        upper=np.where(known, QUANTILE, np.nan),
        score=of_value,
        p_sustained=np.where(known, of_p, np.nan),
        status=status,
        reason=reason,
        kind=kind,
        method="joint",
        version=VERSION,
    )
    return values, signals


def _neighbour_gap(
    connection: duckdb.DuckDBPyConnection, one: indicators.Indicator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Found for those exposed, against the median of ten areas alike; a funnel that allows for the
    ordinary differences between areas (Spiegelhalter 2005, additive over-dispersion)."""
    parts = {"exposure": one.exposure, "identification": one.identification}
    query = NEIGHBOURHOOD.format(months=_together_in("neighbours"))
    years = connection.execute(query, parts).df()
    alike = connection.execute(
        "select la_code, neighbour_la_code from reference.statistical_neighbours"
    ).df()
    tables = [_month_of_neighbours(month, alike) for _, month in years.groupby("period_start")]
    if not tables:
        return pd.DataFrame(), pd.DataFrame()
    rows = pd.concat(tables, ignore_index=True)
    known = rows["value"].notna()
    rows = rows.assign(
        indicator=one.indicator, period_type="month", breakdown="total", source="extracts",
        area_level="local_authority", numerator=rows["found"].where(known), areas_due=1,
        areas_included=known.astype(int),
    )  # fmt: skip
    for name in ("period_start", "period_end"):
        rows[name] = pd.to_datetime(rows[name]).dt.date
    values = rows[
        ["indicator", "area_code", "area_level", "la_code", "period_type", "period_start",
         "period_end", "breakdown", "source", "numerator", "value", "areas_due", "areas_included",
         "is_provisional", "is_revised", "reason", "caveat"]
    ]  # fmt: skip
    signals = rows.loc[
        known,
        ["indicator", "source", "area_code", "period_type", "period_start", "breakdown", "expected",
         "lower", "upper", "score"],
    ]  # fmt: skip
    return values, signals.assign(method="funnel", version=VERSION)


def _month_of_neighbours(month: pd.DataFrame, alike: pd.DataFrame) -> pd.DataFrame:
    """One row an area; without a value where a reason stands, or for want of neighbours."""
    known = month["reason"].isna()
    rates = month.assign(rate=((month["found"] + 0.5) / month["exposed"]).where(known))
    beside = alike.merge(
        rates[["la_code", "rate", "is_provisional"]],
        left_on="neighbour_la_code", right_on="la_code", suffixes=("", "_of"),
    ).dropna(subset="rate")  # fmt: skip
    near = beside.groupby("la_code").agg(
        median=("rate", "median"), count=("rate", "size"), still=("is_provisional", "max")
    )
    rates = rates.join(near, on="la_code")
    is_alone = known & ~(rates["count"] >= NEIGHBOURS)
    known &= ~is_alone
    usual = (rates["median"] * rates["exposed"]).where(known)
    off = np.log((rates["found"] + 0.5) / usual)
    # A median of n areas is itself known to about pi / 2n of their variance.
    chance = (1 + np.pi / (2 * rates["count"])) / usual.clip(lower=1.0)
    between = spread(off[known].to_numpy()) ** 2 - chance.mean() if known.any() else 0.0
    ordinary = np.sqrt(chance + max(between, 0.0))
    reach = QUANTILE * ordinary
    return rates.assign(
        value=(100 * rates["found"] / usual).round(),
        expected=np.where(known, 100.0, np.nan),
        lower=100 * np.exp(-reach),
        upper=100 * np.exp(reach),
        score=-off / ordinary,
        reason=rates["reason"].mask(is_alone, "too_few_neighbours"),
        # the median moves with the neighbours' figures too
        is_provisional=rates["is_provisional"] | rates["still"].eq(True),
    )
