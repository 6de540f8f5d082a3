"""The values of an indicator as areas x periods: what is counted, against what, and how sure."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sightline.monitoring.annotated import Annotations
from sightline.monitoring.detection.calendar import school_days
from sightline.monitoring.detection.rhythm import MONTHS, TERMS, Rhythm
from sightline.warehouse.calendar import span_of

Array = NDArray[np.float64]

RHYTHMS = {"month": MONTHS, "term": TERMS}
LARGEST_PROPORTION = 100.0  # per cent: every proportion has this scale
LEAST_COVERED = 0.5  # of the authorities due; the rest are left out of what is expected too


@dataclass(frozen=True)
class Grid:
    """The values of one indicator as arrays of areas x periods, which start in `months`."""

    values: pd.DataFrame
    months: pd.DatetimeIndex
    areas: pd.Index
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    counts: Array
    exposure: Array  # what the counts are expected to be proportional to
    people: Array  # the denominators that the counts belong to
    completeness: Array  # share of the final count that is in; NaN where nobody knows
    uncertainty: Array  # relative variance of that share
    known: Annotations

    @property
    def rhythm(self) -> Rhythm:
        return RHYTHMS[self.values["period_type"].iloc[0]]

    @property
    def ends(self) -> pd.DatetimeIndex:
        """The last day of each period."""
        every = self.values["period_type"].iloc[0]
        return pd.DatetimeIndex([span_of(one.date(), every).end for one in self.months])

    def of(self, name: str) -> Array:
        out = np.full(self.counts.shape, np.nan)
        out[self.row, self.column] = self.values[name].astype(float)
        return out


def largest_of(kind: str) -> float:
    """The largest value, and so limit, that an indicator of a kind can have."""
    return LARGEST_PROPORTION if kind == "proportion" else float("inf")


def grid_of(
    values: pd.DataFrame,
    months: pd.DatetimeIndex,
    known: Annotations,
    parts: Grid | None = None,
) -> Grid:
    """What the values of authorities hold; given those as `parts`, of regions or England."""
    areas = pd.Index(sorted(values["area_code"].unique()))
    row = areas.get_indexer(values["area_code"])
    column = months.get_indexer(pd.DatetimeIndex(values["period_start"]))
    blank = np.full((len(areas), len(months)), np.nan)
    grid = Grid(values, months, areas, row, column, blank, blank, blank, blank, blank, known)
    if parts is not None:
        return _of_parts(grid, parts)
    has_reason = np.ones(blank.shape, dtype=bool)
    has_reason[row, column] = values["reason"].notna()
    grid = replace(grid, completeness=_completeness(grid))
    usable = ~(has_reason | may_still_rise(grid) | known.problems(areas, months, grid.ends))
    counts, people = grid.of("numerator"), grid.of("denominator")
    days = school_days(months) if values["school_days_only"].iloc[0] else np.ones(len(months))
    share = np.where(np.isfinite(grid.completeness), grid.completeness, 1.0)
    return replace(
        grid,
        counts=np.where(usable, counts, np.nan),
        exposure=people * days * share,
        people=people,
        uncertainty=np.nan_to_num(grid.of("completeness_variance")),
    )


def _completeness(grid: Grid) -> Array:
    """What was learned; without it a provisional count may hold any share, another is all in."""
    learned = grid.of("completeness")
    otherwise = np.where(grid.of("is_provisional") == 1, np.nan, 1.0)
    return np.where(np.isfinite(learned), learned, otherwise)


def may_still_rise(grid: Grid) -> NDArray[np.bool_]:
    """Counts of what is bad when low of which nobody knows how much is still to come."""
    falls = grid.values["bad_direction"].iloc[0] == "down"
    return np.asarray(np.isnan(grid.completeness) & (grid.of("is_provisional") == 1) & falls)


def _of_parts(totals: Grid, parts: Grid) -> Grid:
    """Counts of the authorities in a total that can be used, against what those usually count.

    An authority that is missing, or not yet final, is then no fall.
    """
    known = np.isfinite(parts.counts) & (parts.exposure > 0)
    for since, _ in parts.known.changes(parts.areas, parts.ends):
        known &= since | ~since.any(1, keepdims=True)  # an area without a change is known all along
    exposure = np.where(known, parts.exposure, 0.0)
    people = np.where(known, parts.people, 0.0)
    counts = np.where(known, parts.counts, 0.0)
    usual = counts.sum(1) / np.maximum(exposure.sum(1), 1e-12)
    first = parts.values.drop_duplicates("area_code").set_index("area_code")
    region = first["region_code"].reindex(parts.areas).to_numpy()
    level = totals.values.drop_duplicates("area_code").set_index("area_code")["area_level"]
    is_country = (level.reindex(totals.areas) == "country").to_numpy()
    member = is_country[:, None] | (region[None, :] == totals.areas.to_numpy()[:, None])
    due = np.maximum(totals.of("areas_due"), 1)
    covered = (member @ known.astype(float)) / due >= LEAST_COVERED
    covered &= ~totals.known.problems(totals.areas, totals.months, totals.ends)
    expected = usual[:, None] * exposure
    final = expected / np.where(known, np.nan_to_num(parts.completeness, nan=1.0), 1.0)
    weight = np.maximum(member @ expected, 1e-12)
    # what delays one authority may delay them all: their errors are added, not averaged out
    apart = member @ (expected * np.sqrt(parts.uncertainty)) / weight
    return replace(
        totals,
        counts=np.where(covered, member @ counts, np.nan),
        exposure=np.where(covered, member @ expected, np.nan),
        people=np.where(covered, member @ people, np.nan),
        completeness=np.where(covered, weight / np.maximum(member @ final, 1e-12), np.nan),
        uncertainty=apart**2,
    )
