"""What silence means here: changes planted in the history that is at hand, and what was found.

A share of the authorities is given a lasting change from a month on; the rest stay as they are.
Everything is then judged by the product's own code, with its false-discovery control, and counted:
how many were found within six months, how soon, and how often an area was marked where nothing was
planted. What really happened in the history counts against the method too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.annotated import Annotations
from monitoring.signals import judge_indicator

SHARE = 0.12  # of the authorities are changed at once: few enough to leave the country unmoved
SIZES = (0.1, 0.2, 0.3, 0.5)
IN_TIME = 6
SETTLED = 12  # months at the end in which onsets may lie, before the last IN_TIME
BANDS = ((0, 10), (10, 30), (30, 100), (100, float("inf")))


@dataclass(frozen=True)
class Found:
    """One line of the result: changes of one size among authorities of one size."""

    indicator: str
    change: float
    """Share by which the count was changed, in the bad direction."""
    least: float
    most: float
    """Counts a month, before the change, of the authorities in this line."""
    planted: int
    found: int
    median_delay: float | None
    """Months from onset to the first mark, of those found in time; 0 is the month itself."""
    marks_per_100_years: float
    """Episodes in such authorities without a planted change, per 100 authority-years judged."""


def backtest(
    values: pd.DataFrame, known: Annotations, *, seed: int = 1, replicates: int = 4
) -> list[Found]:
    """Plant, judge and count for one indicator; `values` are its rows as `signals.read` gives."""
    cells = [
        row
        for replicate in range(replicates)
        for row in _replicate(values, known, np.random.default_rng([seed, replicate]))
    ]
    return list(_counted(str(values["indicator"].iloc[0]), pd.DataFrame(cells)))


def _replicate(
    values: pd.DataFrame, known: Annotations, draw: np.random.Generator
) -> Iterator[dict[str, object]]:
    own = values[values["area_level"] == "local_authority"]
    months = np.sort(own["period_start"].unique())
    usual = own.groupby("area_code")["numerator"].mean()
    codes = usual.dropna().index.to_numpy()
    chosen = draw.choice(codes, max(1, round(SHARE * len(codes))), replace=False)
    sizes = draw.choice(SIZES, len(chosen))
    onsets = months[-(SETTLED + IN_TIME) : -IN_TIME]
    starts = draw.choice(onsets, len(chosen))
    planted = _planted(
        values, dict(zip(chosen, zip(sizes, starts, strict=True), strict=True)), draw
    )
    judged = judge_indicator(planted, known)
    judged["period_start"] = pd.to_datetime(judged["period_start"])
    for code, size, start in zip(chosen, sizes, starts, strict=True):
        marks = judged[(judged["area_code"] == code) & (judged["status"] == "worsening")]
        after = [_months_between(start, month) for month in marks["period_start"]]
        delays = [delay for delay in after if 0 <= delay < IN_TIME]
        yield {
            "usual": usual[code], "size": size, "found": bool(delays),
            "delay": min(delays, default=np.nan), "episodes": 0, "years": 0.0,
        }  # fmt: skip
    for code in np.setdiff1d(codes, chosen):
        rows = judged[judged["area_code"] == code].sort_values("period_start")
        is_marked = (rows["status"] == "worsening").to_numpy()
        judgeable = rows["status"] != "not_assessable"
        yield {
            "usual": usual[code], "size": 0.0, "found": False, "delay": np.nan,
            "episodes": _episodes(is_marked), "years": float(judgeable.sum()) / 12,
        }  # fmt: skip


def _planted(
    values: pd.DataFrame, changes: dict[str, tuple[float, object]], draw: np.random.Generator
) -> pd.DataFrame:
    """The rows with the changed authorities' counts thinned, or added to, from their onset on."""
    out = values.copy()
    sign = 1 if values["bad_direction"].iloc[0] == "up" else -1
    for code, (size, start) in changes.items():
        at = (out["area_code"] == code) & (out["period_start"] >= start)
        at &= out["numerator"].notna()
        before = out.loc[at, "numerator"].to_numpy(dtype=float)
        whole = np.floor(before).astype(int)
        step = draw.poisson(size * before) if sign > 0 else -draw.binomial(whole, size)
        after = before + step
        if not out.loc[at, "denominator_is_population"].any():
            after = np.minimum(after, out.loc[at, "denominator"].to_numpy(dtype=float))
        ratio = np.divide(after, before, out=np.ones_like(before), where=before > 0)
        out.loc[at, "numerator"] = after
        out.loc[at, "value"] = out.loc[at, "value"].to_numpy(dtype=float) * ratio
    return out


def _counted(indicator: str, cells: pd.DataFrame) -> Iterator[Found]:
    for least, most in BANDS:
        band = cells[(cells["usual"] >= least) & (cells["usual"] < most)]
        years = band["years"].sum()
        marks = 100 * band["episodes"].sum() / years if years else float("nan")
        for size in SIZES:
            some = band[band["size"] == size]
            if len(some):
                delay = some["delay"].median()
                yield Found(
                    indicator, float(size), least, most, len(some), int(some["found"].sum()),
                    None if np.isnan(delay) else float(delay), float(marks),
                )  # fmt: skip


def _episodes(marks: Sequence[bool] | NDArray[np.bool_]) -> int:
    """Runs of marks; what follows within three months of a mark belongs to it."""
    episodes, quiet = 0, 3
    for is_marked in marks:
        episodes += bool(is_marked and quiet >= 3)
        quiet = 0 if is_marked else quiet + 1
    return episodes


def _months_between(start: object, month: object) -> int:
    first, then = pd.Timestamp(start), pd.Timestamp(month)  # type: ignore[arg-type]
    return (then.year - first.year) * 12 + then.month - first.month
