"""How far apart the values are that a count may have, given everything that is printed.

What is found is attained: for each end there is a solution of the whole system in whole numbers.
An interval is thus never said to be wider than it is for somebody who solves the system exactly.
Linear programmes alone would not do: theirs are wider where only fractions fill them.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from sightline.warehouse.release.disclosure import FREE
from sightline.warehouse.release.ties import PERIOD, Bools, Ints, System, rows_of

# Enough for the largest family of a nation; a limit in seconds would give other results elsewhere.
MAX_NODES = 2000
ROUNDS_AT_ONCE = 3
AT_ONCE_GAP = 0.1  # any solution will do
MAX_PASSES = 20
AT_LEAST_TOGETHER = 500  # counts, so that small parts are not solved one at a time


@dataclass
class Intervals:
    """The least and the greatest value found of each count, both attained."""

    lower: Ints
    upper: Ints

    @property
    def width(self) -> Ints:
        """How many values."""
        return self.upper - self.lower + 1

    def join(self, other: "Intervals") -> None:
        """Take the ends that lie further out."""
        np.minimum(self.lower, other.lower, out=self.lower)
        np.maximum(self.upper, other.upper, out=self.upper)


def attained(
    system: System, counts: Ints, wanted: Bools, least: int, former: Intervals | None = None
) -> tuple[Intervals, Bools]:
    """Intervals of the counts, for the wanted ones of at least so many values where that can be.

    `counts` is a solution of the system, `former` what was found for one that allows no more.
    Gives the intervals and which of the wanted ones are narrower. Most counts are wide enough where
    they move by themselves; then all narrow ones are moved at once, within their region and with
    whatever they are tied to, and what is left one at a time.
    """
    system = _bounded(system)
    can_be = (system.cells["upper"] - system.cells["lower"]).to_numpy() + 1 >= least
    found = _alone(system, counts, _in_same_totals(system))
    if former:
        found.join(former)
    search = _Search(system, counts, wanted & can_be, least, found)
    regions = pd.factorize(system.cells["region_code"])[0]
    for region in np.unique(regions[search.narrow]):
        search.widen_at_once(np.flatnonzero(regions == region))
    apart = _apart(system, AT_LEAST_TOGETHER)
    for number in np.unique(apart[search.narrow]):
        chosen = np.flatnonzero(apart == number)
        own = Intervals(found.lower[chosen], found.upper[chosen])
        part = _of_counts(system, chosen)
        _widen(_Search(part, counts[chosen], search.wanted[chosen], least, own))
        found.lower[chosen], found.upper[chosen] = own.lower, own.upper
    return found, wanted & (found.width < least)


def _bounded(system: System) -> System:
    """The same with bounds of the counts that the rows imply: programmes are solved where they are
    near, and not where one is as good as none."""
    bounds = implied(system)
    return replace(system, cells=system.cells.assign(lower=bounds.lower, upper=bounds.upper))


def _widen(search: "_Search") -> None:
    """Move what is narrow with whatever it is tied to; what is left, one at a time."""
    cells = search.system.cells
    everywhere = np.arange(len(cells))
    search.widen_at_once(everywhere)
    regions = pd.factorize(cells["region_code"])[0]
    periods = cells.groupby(PERIOD, sort=False).ngroup().to_numpy()
    for count in np.flatnonzero(search.narrow):
        near = (regions == regions[count]) | (periods == periods[count])
        for places in (np.flatnonzero(near), everywhere):
            if search.narrow[count]:
                search.push(_Part(search.system, search.counts, places), np.array([count]))


def _apart(system: System, at_least: int) -> Ints:
    """The number of the part of the system that each count is in, of so many counts or more. No row
    ties two parts, as none ties two months where there are but totals and wholes; so each is solved
    by itself."""
    rows, width = system.matrix.shape
    entries = system.matrix.tocoo()
    graph = sparse.coo_matrix(
        (np.ones(entries.nnz), (entries.row, entries.col + rows)), shape=(rows + width,) * 2
    )
    labels = sparse.csgraph.connected_components(graph, directed=False)[1][rows:]
    order, place = np.unique(labels, return_inverse=True)
    before = np.cumsum(np.bincount(place, minlength=len(order))) // at_least
    return np.asarray(before[place], dtype=np.int64)


def _of_counts(system: System, chosen: Ints) -> System:
    """The part of the system that is about these counts and no others."""
    matrix = system.matrix[:, chosen]
    rows = np.flatnonzero(np.diff(matrix.indptr))
    return System(
        system.cells.iloc[chosen].reset_index(drop=True),
        matrix[rows],
        system.lower[rows],
        system.upper[rows],
        system.is_total[rows],
    )


def _hold(system: System, counts: Ints) -> Bools:
    """Which rows the counts keep."""
    sums = system.matrix @ counts
    return np.asarray((sums >= system.lower) & (sums <= system.upper))


def completed(system: System, counts: Ints | None = None) -> tuple[System, Ints, int]:
    """The system without the rows that cannot be, counts that could be behind it and how many rows
    those were: the true counts where they are known, of the others `counts` or what is found.

    Rows that no counts keep together are about other counts: as few are left out as will do.
    """
    true = system.cells["count"].to_numpy(dtype=float)
    is_open = np.isnan(true)
    lower = system.cells["lower"].to_numpy(dtype=np.int64)
    filled = np.where(is_open, lower if counts is None else counts, true).astype(np.int64)
    holds = _hold(system, filled)
    if is_open.any() and not holds.all():
        _complete(system, filled, np.flatnonzero(is_open), AT_LEAST_TOGETHER)
        holds = _hold(system, filled)
    return rows_of(system, holds), filled, int((~holds).sum())


def _complete(system: System, counts: Ints, chosen: Ints, at_least: int) -> None:
    """Find the chosen counts beside the others, so many together; where none are found, fewer."""
    apart = _apart(_of_counts(system, chosen), at_least)
    for number in np.unique(apart):
        own = chosen[apart == number]
        part = _Part(system, counts, own)
        values = part.solve(np.zeros(len(part.places), dtype=np.int64), gap=1)
        if values is not None:
            counts[part.places] = values
        elif at_least > 1:
            _complete(system, counts, own, 1)
        else:
            counts[part.places] = part.nearest()


def implied(system: System) -> Intervals:
    """What each row by itself implies of its counts, again and again: bounds that hold, though the
    rows together may imply narrower ones."""
    lower = system.cells["lower"].to_numpy(dtype=np.int64).copy()
    upper = system.cells["upper"].to_numpy(dtype=np.int64).copy()
    matrix = system.matrix
    entries = matrix.tocoo()
    row, count, factor = entries.row, entries.col, entries.data
    up, down, size, is_up = matrix.maximum(0), matrix.minimum(0), np.abs(factor), factor > 0
    for _ in range(MAX_PASSES):
        # What is left of each row when all others are as small, or as large, as they can be.
        above = (system.upper - up @ lower - down @ upper)[row] // size
        below = (up @ upper + down @ lower - system.lower)[row] // size
        new_lower, new_upper = lower.copy(), upper.copy()
        np.minimum.at(new_upper, count, lower[count] + np.where(is_up, above, below))
        np.maximum.at(new_lower, count, upper[count] - np.where(is_up, below, above))
        if (new_lower == lower).all() and (new_upper == upper).all():
            break
        lower, upper = new_lower, new_upper
    return Intervals(lower, upper)


def _alone(system: System, counts: Ints, same: Ints) -> Intervals:
    """How far each count can move while others of its measure and period in its region make up for
    it and everything else stays. Exact where nothing but totals ties counts together. `same` is
    what `_in_same_totals` gives of the system."""
    sums = system.matrix @ counts
    entries = system.matrix.tocoo()
    row, variable, factor = entries.row, entries.col, entries.data
    above, below = system.upper - sums, sums - system.lower
    rise, fall = (
        room.to_numpy(dtype=np.int64).copy()
        for room in (system.cells["upper"] - counts, counts - system.cells["lower"])
    )
    total_rise, total_fall = np.full((2, len(counts)), FREE)
    is_total = system.is_total[row]
    np.minimum.at(total_rise, variable[is_total], above[row[is_total]])
    np.minimum.at(total_fall, variable[is_total], below[row[is_total]])
    row, variable, factor = (part[~is_total] for part in (row, variable, factor))
    is_positive, size = factor > 0, np.abs(factor)
    np.minimum.at(rise, variable, np.where(is_positive, above[row], below[row]) // size)
    np.minimum.at(fall, variable, np.where(is_positive, below[row], above[row]) // size)
    # Counts in the same totals make up for each other: no other row has two of them.
    others_fall = np.bincount(same, fall).astype(np.int64)[same] - fall
    others_rise = np.bincount(same, rise).astype(np.int64)[same] - rise
    return Intervals(
        counts - np.minimum(fall, total_fall + others_rise),
        counts + np.minimum(rise, total_rise + others_fall),
    )


def _in_same_totals(system: System) -> Ints:
    weights = np.random.default_rng(0).integers(1, 2**40, len(system.lower)) * system.is_total
    keys = [*PERIOD, "weight"]
    frame = system.cells[PERIOD].assign(weight=system.matrix.T @ weights)
    return np.asarray(frame.groupby(keys, sort=False).ngroup(), dtype=np.int64)


class _Part:
    """The system with all but some counts fixed as they are: each solution solves the whole."""

    def __init__(self, system: System, counts: Ints, places: Ints) -> None:
        lower = system.cells["lower"].to_numpy(dtype=np.int64)
        upper = system.cells["upper"].to_numpy(dtype=np.int64)
        self.places = places[lower[places] < upper[places]]
        self.lower, self.upper = lower[self.places], upper[self.places]
        matrix = system.matrix[:, self.places]
        rows = np.flatnonzero(np.diff(matrix.indptr))
        matrix = matrix[rows]
        fixed = system.matrix[rows] @ counts - matrix @ counts[self.places]
        at_least, at_most = system.lower[rows] - fixed, system.upper[rows] - fixed
        # Rows that hold whatever the counts are would only cost time.
        up, down = matrix.maximum(0), matrix.minimum(0)
        is_free = (up @ self.upper + down @ self.lower <= at_most) & (
            up @ self.lower + down @ self.upper >= at_least
        )
        self.matrix = matrix[~is_free]
        self.at_least = np.where(at_least < -FREE // 2, -np.inf, at_least)[~is_free]
        self.at_most = np.where(at_most > FREE // 2, np.inf, at_most)[~is_free]

    def solve(self, objective: Ints, gap: float) -> Ints | None:
        """Counts with the least sum of `objective` that is found; None where none are."""
        constraints = (
            []
            if not self.matrix.shape[0]
            else [LinearConstraint(self.matrix, self.at_least, self.at_most)]
        )
        result = milp(
            objective,
            constraints=constraints,
            bounds=Bounds(self.lower, self.upper),
            integrality=np.ones(len(objective)),
            options={"node_limit": MAX_NODES, "mip_rel_gap": gap},
        )
        return None if result.x is None else np.asarray(np.rint(result.x), dtype=np.int64)

    def nearest(self) -> Ints:
        """Counts that break the rows by the least sum."""
        rows, width = self.matrix.shape
        amiss = sparse.identity(rows)
        result = milp(
            np.concatenate([np.zeros(width), np.ones(rows)]),
            constraints=[
                LinearConstraint(sparse.hstack([self.matrix, amiss]), lb=self.at_least),
                LinearConstraint(sparse.hstack([self.matrix, -amiss]), ub=self.at_most),
            ],
            bounds=Bounds(
                np.concatenate([self.lower, np.zeros(rows)]),
                np.concatenate([self.upper, np.full(rows, np.inf)]),
            ),
            integrality=np.concatenate([np.ones(width), np.zeros(rows)]),
            options={"node_limit": MAX_NODES, "mip_rel_gap": AT_ONCE_GAP},
        )
        if result.x is None:
            return self.lower.copy()
        return np.asarray(np.rint(result.x[:width]), dtype=np.int64)


@dataclass
class _Search:
    """Solutions of the system that take narrow counts further apart."""

    system: System
    counts: Ints
    wanted: Bools
    least: int
    found: Intervals

    @cached_property
    def same(self) -> Ints:
        return _in_same_totals(self.system)

    @property
    def narrow(self) -> Bools:
        return self.wanted & (self.found.width < self.least)

    def widen_at_once(self, places: Ints) -> None:
        """Move all narrow counts among the places together, as long as that helps."""
        part = _Part(self.system, self.counts, places)
        left = places[self.narrow[places]]
        for _ in range(ROUNDS_AT_ONCE):
            self.push(part, left)
            before, left = left, places[self.narrow[places]]
            if not 0 < len(left) < len(before):
                return

    def push(self, part: _Part, chosen: Ints) -> None:
        """Take the chosen counts as far down and as far up as their sum goes."""
        for direction in (1, -1):
            objective = direction * np.isin(part.places, chosen).astype(np.int64)
            values = part.solve(objective, gap=0 if len(chosen) == 1 else AT_ONCE_GAP)
            if values is not None:
                # From another solution other counts can move by themselves.
                solution = self.counts.copy()
                solution[part.places] = values
                self.found.join(_alone(self.system, solution, self.same))
