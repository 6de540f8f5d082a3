"""Judge the official yearly series: authorities by their own limits, England by stated ones."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.monitoring import annotated, successions
from sightline.monitoring.annotated import Annotations
from sightline.monitoring.detection import annual
from sightline.monitoring.detection.annual import Array
from sightline.monitoring.grid import largest_of

AREA, PERIOD = "area_code", "period_start"
RECORDING, BREAK = "possible_recording_change", "break_in_series"

# The parts of a figure that replace each other, such as gangs and child criminal exploitation, are
# judged as one, in the years in which all of them are known: one alone moves with the coding.
SERIES = """
select
    facts.indicator,
    facts.source,
    facts.area_code,
    facts.area_level,
    facts.period_type,
    facts.period_start,
    case when count(facts.numerator) = max(parts.held) then sum(facts.numerator) end as counted,
    max(facts.denominator) as people,
    parts.limit_of_country,
    parts.limit_of_region,
    parts.scale,
    indicators.kind,
    indicators.bad_direction,
    facts.la_code,
    bool_or(coalesce(facts.caveat = 'break_in_series', false)) as is_break
from marts.fct_indicator_values as facts
inner join control.indicators as indicators
    on facts.indicator = indicators.indicator
inner join (
    select
        indicator, series, count(*) as held, max(scale) as scale,
        max(country_limit) as limit_of_country, max(region_limit) as limit_of_region
    from control.indicator_series
    group by indicator, series
) as parts
    on facts.indicator = parts.indicator and facts.source = parts.series
where indicators.bad_direction in ('down', 'up') and facts.period_start <= $as_of
group by all
order by all
"""
PARTS = """
select distinct facts.indicator, facts.source, facts.breakdown
from marts.fct_indicator_values as facts
inner join control.indicator_series as series
    on facts.indicator = series.indicator and facts.source = series.series
order by all
"""


def judge_series(connection: duckdb.DuckDBPyConnection, as_of: object) -> list[pd.DataFrame]:
    """A frame of signals for each indicator that has an official yearly series."""
    parts = connection.execute(PARTS).df()
    annotations = annotated.read(connection)
    return [
        _of_parts(
            judge_years(frame, annotations.get(str(indicator), Annotations())).merge(
                parts, on=["indicator", "source"]
            )
        )
        for (indicator, _), frame in read(connection, as_of).groupby(
            ["indicator", "source"], sort=True
        )
    ]


def read(connection: duckdb.DuckDBPyConnection, as_of: object) -> pd.DataFrame:
    """Every year of every official series up to a date, its parts added up."""
    return connection.execute(SERIES, {"as_of": as_of}).df()


def _of_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """What is expected of a sum is expected of no part of it: parts share the status alone."""
    if rows["breakdown"].nunique() > 1:
        rows[["expected", "lower", "upper"]] = np.nan
        rows["reason"] = rows["reason"].where(rows["reason"].notna(), "judged_together")
    return rows


@dataclass(frozen=True)
class _Verdicts:
    """What is said of each area and year (areas x years)."""

    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    kind: NDArray[np.object_]
    expected: Array
    lower: Array
    upper: Array
    score: Array
    p: Array
    detectable: Array


def judge_years(values: pd.DataFrame, known: Annotations) -> pd.DataFrame:
    """The signals of one official series, from the rows that `read` gives of it."""
    sign = 1 if values["bad_direction"].iloc[0] == "up" else -1
    country = values[values["area_level"] == "country"].set_index(PERIOD)
    national = (country["counted"] / country["people"]).astype(float)
    found = [
        _rows(frame, _authorities(frame, national, sign, known))
        if level == "local_authority"
        else _rows(frame, _totals(frame, str(level), sign))
        for level, frame in values.groupby("area_level", sort=True)
    ]
    return pd.concat(found, ignore_index=True)


def _authorities(
    values: pd.DataFrame, national: "pd.Series[float]", sign: int, known: Annotations
) -> _Verdicts:
    counts, people = _grid(values, "counted"), _grid(values, "people")
    of_england: Array = np.asarray(national.reindex(counts.columns), dtype=np.float64)
    other = _breaks(values)
    years = annual.judge(counts.to_numpy(), people.to_numpy(), of_england, other)
    worse, better = (years.rises, years.falls) if sign > 0 else (years.falls, years.rises)
    change = np.diff(np.log(_positive(counts / people)), axis=1, prepend=np.nan) * sign
    status = np.where(years.is_judged, "ok", "not_assessable").astype(object)
    status[years.is_judged & ~np.isfinite(years.score)] = "short_history"
    status[worse | (years.breaks & (change > 0))] = "worsening"
    status[better | (years.breaks & (change <= 0))] = "improving"
    reason = np.full(status.shape, None, dtype=object)
    reason[~years.is_judged] = "too_little_history"
    reason[(counts < annual.LEAST_COUNT).to_numpy()] = "too_few"
    reason[counts.isna().to_numpy()] = "marked_in_source"
    reason[years.breaks] = RECORDING
    starts = pd.DatetimeIndex(counts.columns)
    ends = starts + pd.DateOffset(years=1, days=-1)
    numbers = values.drop_duplicates(AREA).set_index(AREA)["la_code"].reindex(counts.index)
    is_new = successions.first_year(numbers, starts, ends)
    status[is_new], reason[is_new & counts.notna().to_numpy()] = "not_assessable", "reorganised"
    is_other = other & counts.notna().to_numpy() & ~is_new
    status[is_other], reason[is_other] = "not_assessable", BREAK
    for since, kinds in known.changes(counts.index, ends):
        explained = years.breaks & since & ~_before(since) & ~is_new
        status[explained], reason[explained] = "not_assessable", kinds[explained]
    kind = np.full(status.shape, None, dtype=object)
    kind[worse], kind[years.breaks] = "sustained", "spike"
    kind[status == "not_assessable"] = None
    p = years.p_rise if sign > 0 else years.p_fall
    score, detectable = sign * years.score, np.expm1(sign * years.detectable)
    return _Verdicts(
        status, reason, kind, years.expected, years.lower, years.upper, score, p, detectable
    )


def _totals(values: pd.DataFrame, level: str, sign: int) -> _Verdicts:
    """A fixed limit on the change on the year, stated in the indicator's definition."""
    rates = (_grid(values, "counted") / _grid(values, "people")).to_numpy(float)
    name = "limit_of_country" if level == "country" else "limit_of_region"
    limit = float(values[name].astype(float).iloc[0])
    before = np.full(rates.shape, np.nan)
    before[:, 1:] = rates[:, :-1]
    score = sign * annual.beyond(rates, limit)
    other = _breaks(values)
    score[:, other] = np.nan
    known = np.isfinite(score)
    status = np.where(known, "ok", "not_assessable").astype(object)
    status[known & (score > 1)] = "worsening"
    status[known & (score < -1)] = "improving"
    reason = np.full(rates.shape, None, dtype=object)
    reason[~known] = "no_former_year" if np.isfinite(limit) else "no_limit_set"
    reason[(rates == 0) & (before == 0)] = "nothing_expected"
    reason[other & np.isfinite(rates)] = BREAK
    kind = np.full(rates.shape, None, dtype=object)
    kind[status == "worsening"] = "spike"
    blank = np.full(rates.shape, np.nan)
    lower, upper = before * (1 - limit), before * (1 + limit)
    detectable = np.where(known, sign * limit, np.nan)
    return _Verdicts(
        status, reason, kind, before, lower, upper, score, blank, detectable
    )  # fmt: skip


def _breaks(values: pd.DataFrame) -> NDArray[np.bool_]:
    """The years from which on the series counts something else than before."""
    return np.asarray(values.groupby(PERIOD)["is_break"].any(), dtype=bool)


def _before(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The flags of the year before."""
    return np.concatenate([np.zeros((len(flags), 1), dtype=bool), flags[:, :-1]], axis=1)


def _grid(values: pd.DataFrame, name: str) -> pd.DataFrame:
    grid = values.pivot_table(index=AREA, columns=PERIOD, values=name, dropna=False)
    return grid.astype(float)


def _positive(rates: pd.DataFrame) -> Array:
    values = rates.to_numpy(float)
    return np.where(values > 0, values, np.nan)


def _rows(values: pd.DataFrame, verdicts: _Verdicts) -> pd.DataFrame:
    grid = _grid(values, "people")
    row = grid.index.get_indexer(pd.Index(values[AREA]))
    column = grid.columns.get_indexer(pd.DatetimeIndex(values[PERIOD]))
    scale, largest = float(values["scale"].iloc[0]), largest_of(str(values["kind"].iloc[0]))
    judged = verdicts.status != "not_assessable"

    def at(array: Array, factor: float = 1.0) -> Array:
        return np.asarray(np.where(judged, array, np.nan)[row, column] * factor)

    level = values["area_level"].iloc[0]
    return pd.DataFrame(
        {
            "indicator": values["indicator"].to_numpy(),
            "source": values["source"].to_numpy(),
            "area_code": values[AREA].to_numpy(),
            "period_type": values["period_type"].to_numpy(),
            "period_start": pd.to_datetime(values[PERIOD]).dt.date.to_numpy(),
            "expected": np.minimum(at(verdicts.expected, scale), largest),
            "lower": np.minimum(at(verdicts.lower, scale), largest),
            "upper": np.minimum(at(verdicts.upper, scale), largest),
            "score": at(verdicts.score),
            "p_one": np.nan,
            "p_sustained": at(verdicts.p),
            "dispersion": np.nan,
            "national_effect": np.nan,
            "completeness": np.nan,
            "minimum_detectable_change": at(verdicts.detectable),
            "minimum_detectable_drift": np.nan,
            "slope_error": np.nan,
            "status": verdicts.status[row, column],
            "reason": verdicts.reason[row, column],
            "kind": verdicts.kind[row, column],
            "method": "own_limits" if level == "local_authority" else "stated_limit",
            "version": annual.VERSION,
        }
    )
