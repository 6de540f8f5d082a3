"""Estimate how reliably detection finds changes: plant them in the history and count what is found.

A share of the authorities is given a lasting change from a month on; the rest stay as they are.
Everything is then judged by the product's own code, with its false-discovery control, and counted:
how many were found in time, how soon, and how often an area was marked where nothing was planted.
What really happened in the history counts against the method too. The history may be months of our
own extracts or years of an official series.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.monitoring.annotated import Annotations
from sightline.monitoring.annual import judge_years
from sightline.monitoring.signals import judge_indicator

SHARE = 0.12  # of the authorities are changed at once: few enough to leave the country unmoved
SIZES = (0.1, 0.2, 0.3, 0.5)
BANDS = ((0, 10), (10, 30), (30, 100), (100, float("inf")))


@dataclass(frozen=True)
class History:
    """A kind of history: what its counts are called, how it is judged, and what is in time."""

    period_type: str
    counts: str
    judge: Callable[[pd.DataFrame, Annotations], pd.DataFrame]
    in_time: int  # periods from the onset on
    onsets: int  # periods in which changes may begin, before the last that is needed
    per_year: int


MONTHS = History("month", "numerator", judge_indicator, in_time=6, onsets=12, per_year=12)
YEARS = History("year", "counted", judge_years, in_time=2, onsets=6, per_year=1)


@dataclass(frozen=True)
class Found:
    """One line of the result: changes of one size among authorities of one size."""

    indicator: str
    source: str
    period_type: str
    change: float
    """Share by which the count was changed, in the bad direction."""
    least: float
    most: float
    """Counts a month, before the change, of the authorities in this line."""
    planted: int
    found: int
    median_delay: float | None
    """Periods from onset to the first mark, of those found in time; 0 is the period itself."""
    marks_per_100_years: float
    """Episodes in such authorities without a planted change, per 100 authority-years judged."""


def backtest(
    values: pd.DataFrame,
    known: Annotations,
    history: History = MONTHS,
    *,
    seed: int = 1,
    replicates: int = 4,
) -> list[Found]:
    """Plant, judge and count for one indicator and source.

    `values` are its rows, as `signals.read` gives months and `annual.read` gives years.
    """
    cells = [
        row
        for replicate in range(replicates)
        for row in _replicate(values, known, history, np.random.default_rng([seed, replicate]))
    ]
    first = values.iloc[0]
    source = str(first.get("source", "extracts"))
    return list(_counted(str(first["indicator"]), source, history, pd.DataFrame(cells)))


def _replicate(
    values: pd.DataFrame, known: Annotations, history: History, draw: np.random.Generator
) -> Iterator[dict[str, object]]:
    own = values[values["area_level"] == "local_authority"]
    periods = pd.DatetimeIndex(np.sort(own["period_start"].unique()))
    usual = own.groupby("area_code")[history.counts].mean() * history.per_year / 12
    codes = usual.dropna().index.to_numpy()
    chosen = draw.choice(codes, max(1, round(SHARE * len(codes))), replace=False)
    sizes = draw.choice(SIZES, len(chosen))
    first = max(len(periods) - history.onsets - history.in_time, 0)
    starts = draw.integers(first, len(periods) - history.in_time + 1, len(chosen))
    changes = {
        str(code): (float(size), periods[start])
        for code, size, start in zip(chosen, sizes, starts, strict=True)
    }
    judged = history.judge(_planted(values, changes, history.counts, draw), known)
    place = periods.get_indexer(pd.DatetimeIndex(pd.to_datetime(judged["period_start"])))
    judged = judged.assign(place=place).drop_duplicates(["area_code", "place"])
    for code, size, start in zip(chosen, sizes, starts, strict=True):
        marks = judged[(judged["area_code"] == code) & (judged["status"] == "worsening")]
        delays = [d for d in marks["place"] - start if 0 <= d < history.in_time]
        yield {
            "usual": usual[code], "size": size, "found": bool(delays),
            "delay": min(delays, default=np.nan), "episodes": 0, "years": 0.0,
        }  # fmt: skip
    for code in np.setdiff1d(codes, chosen):
        rows = judged[judged["area_code"] == code].sort_values("place")
        is_marked = (rows["status"] == "worsening").to_numpy()
        judgeable = rows["status"] != "not_assessable"
        yield {
            "usual": usual[code], "size": 0.0, "found": False, "delay": np.nan,
            "episodes": _episodes(is_marked), "years": float(judgeable.sum()) / history.per_year,
        }  # fmt: skip


def _planted(
    values: pd.DataFrame,
    changes: dict[str, tuple[float, pd.Timestamp]],
    counts: str,
    draw: np.random.Generator,
) -> pd.DataFrame:
    """The rows with the changed authorities' counts thinned, or added to, from their onset on."""
    out = values.copy()
    starts = pd.to_datetime(out["period_start"])
    sign = 1 if values["bad_direction"].iloc[0] == "up" else -1
    for code, (size, start) in changes.items():
        at = (out["area_code"] == code) & (starts >= start) & out[counts].notna()
        before = out.loc[at, counts].to_numpy(dtype=float)
        step = (
            draw.poisson(size * before)
            if sign > 0
            else -draw.binomial(np.floor(before).astype(int), size)
        )
        after = before + step
        if "denominator_is_population" in out and not out["denominator_is_population"].iloc[0]:
            after = np.minimum(after, out.loc[at, "denominator"].to_numpy(dtype=float))
        out.loc[at, counts] = after
        if "value" in out:
            ratio = np.divide(after, before, out=np.ones_like(before), where=before > 0)
            out.loc[at, "value"] = out.loc[at, "value"].to_numpy(dtype=float) * ratio
    return out


def _counted(indicator: str, source: str, history: History, cells: pd.DataFrame) -> Iterator[Found]:
    for least, most in BANDS:
        band = cells[(cells["usual"] >= least) & (cells["usual"] < most)]
        years = band["years"].sum()
        marks = 100 * band["episodes"].sum() / years if years else float("nan")
        for size in SIZES:
            some = band[band["size"] == size]
            if len(some):
                delay = some["delay"].median()
                yield Found(
                    indicator, source, history.period_type, float(size), least, most,
                    len(some), int(some["found"].sum()),
                    None if np.isnan(delay) else float(delay), float(marks),
                )  # fmt: skip


def _episodes(marks: Sequence[bool] | NDArray[np.bool_]) -> int:
    """Runs of marks; what follows within three periods of a mark belongs to it."""
    episodes, quiet = 0, 3
    for is_marked in marks:
        episodes += bool(is_marked and quiet >= 3)
        quiet = 0 if is_marked else quiet + 1
    return episodes
