"""Somebody who wants withheld counts back: tries every table that could be behind what is printed,
every count that could be behind a figure made of it, and every place where figures are printed.

It shares no code with the audit and knows the rules of disclosure control in words: authorities are
rounded to 5, larger areas to 10, a middle upwards; `c` is 1 to 7, `low` 0 to 7.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

SMALLEST = 8
BASES = {"local_authority": 5, "sub_region": 10, "region": 10, "country": 10}

Cell = tuple[str, ...]


def could_be(shown: object, marker: object, level: str) -> range:
    """The counts that are printed like this."""
    if marker == "low":
        return range(SMALLEST)
    if marker == "c":
        return range(1, SMALLEST)
    count, base = int(shown), BASES[level]  # type: ignore[call-overload]
    if count == 0:
        return range(1)
    return range(max(SMALLEST, count - base // 2), count + (base + 1) // 2)


@dataclass
class Table:
    """Cells with the counts that each could be, and what is known of sums of them."""

    cells: dict[Cell, range] = field(default_factory=dict)
    sums: list[tuple[Mapping[Cell, int], int, int]] = field(default_factory=list)

    def is_from(self, terms: Mapping[Cell, int], least: int, most: int) -> None:
        if terms:
            self.sums.append((terms, least, most))

    def is_at_most(self, some: Iterable[Cell], others: Iterable[Cell]) -> None:
        self.is_from(dict.fromkeys(some, 1) | dict.fromkeys(others, -1), -(10**6), 0)

    def every_table(self) -> dict[Cell, tuple[int, int]]:
        """The least and greatest count of each cell over all tables that agree with what is known.

        Cells that no sum has in common are tried apart.
        """
        found = {}
        for names in self._tied():
            grids = np.meshgrid(
                *(np.array(self.cells[name], dtype=np.int16) for name in names), indexing="ij"
            )
            columns: dict[Cell, NDArray[np.int16]] = {
                name: grid.ravel() for name, grid in zip(names, grids, strict=True)
            }
            agrees = np.ones(len(columns[names[0]]), dtype=bool)
            for terms, least, most in self.sums:
                if set(terms) <= columns.keys():
                    total = sum(columns[name] * factor for name, factor in terms.items())
                    agrees &= (total >= least) & (total <= most)
            assert agrees.any(), "what is printed contradicts itself"
            found |= {
                name: (int(column[agrees].min()), int(column[agrees].max()))
                for name, column in columns.items()
            }
        return found

    def solved(self) -> dict[Cell, tuple[int, int]]:
        """The same by linear programmes, for tables that are too large to try each: an attacker who
        rounds inwards learns no less than is there."""
        names = list(self.cells)
        rows = np.array([[terms.get(name, 0) for name in names] for terms, _, _ in self.sums])
        least, most = (np.array([one[end] for one in self.sums], dtype=float) for end in (1, 2))
        limits = {
            "A_ub": np.vstack([rows, -rows]) if len(rows) else None,
            "b_ub": np.concatenate([most, -least]) if len(rows) else None,
            "bounds": [(values[0], values[-1]) for values in self.cells.values()],
        }
        found = {}
        for index, name in enumerate(names):
            ends = []
            for direction in (1, -1):
                cost = np.zeros(len(names))
                cost[index] = direction
                result = linprog(cost, **limits)
                assert result.status == 0, "what is printed contradicts itself"
                ends.append(direction * result.fun)
            found[name] = (int(np.ceil(ends[0] - 1e-6)), int(np.floor(ends[1] + 1e-6)))
        return found

    def implied(self) -> dict[Cell, tuple[int, int]]:
        """What each sum by itself says of its cells, again and again until it says no more: for
        whole releases. Factors are 1 or -1."""
        ends = {name: (could[0], could[-1]) for name, could in self.cells.items()}
        has_changed = True
        while has_changed:
            has_changed = False
            for terms, least, most in self.sums:
                low = sum(n * ends[name][n < 0] for name, n in terms.items())
                high = sum(n * ends[name][n > 0] for name, n in terms.items())
                assert low <= most, "what is printed contradicts itself"
                assert high >= least, "what is printed contradicts itself"
                if low >= least and high <= most:
                    continue
                for name, n in terms.items():
                    first, last = ends[name]
                    rise, fall = (most - low, high - least)[::n]
                    new = max(first, last - fall), min(last, first + rise)
                    if new != ends[name]:
                        ends[name], has_changed = new, True
        return ends

    def _tied(self) -> list[list[Cell]]:
        groups: list[set[Cell]] = [{name} for name in self.cells]
        for terms, _, _ in self.sums:
            touched = [group for group in groups if group & set(terms)]
            groups = [group for group in groups if not group & set(terms)]
            groups.append(set().union(*touched))
        return [sorted(group) for group in groups]


def read(controlled: pd.DataFrame, repaired: Sequence[str] = ()) -> Table:
    """What the controlled cells of one nation tell: authorities, and totals of all of them.

    `repaired` are areas whose total is withheld though it may be large.
    """
    table = Table()
    keys = ["measure", "period_start", "area_code"]
    for row in controlled[controlled["area_level"] == "local_authority"].itertuples():
        name = tuple(str(getattr(row, key)) for key in keys)
        known = could_be(row.shown, row.marker, row.area_level)
        table.cells[name] = _both(known, table.cells.get(name, known))
    for row in controlled[controlled["area_level"] != "local_authority"].itertuples():
        members = controlled[
            (controlled["area_level"] == "local_authority")
            & (controlled["indicator"] == row.indicator)
            & (controlled["measure"] == row.measure)
            & (controlled["period_start"] == row.period_start)
        ]
        if row.area_level == "region":
            members = members[members["region_code"] == row.area_code]
        known = could_be(row.shown, row.marker, row.area_level)
        most = 10**6 if row.area_code in repaired and row.marker == "c" else known[-1]
        names = [tuple(map(str, name)) for name in members[keys].itertuples(index=False)]
        table.is_from(dict.fromkeys(names, 1), known[0], most)
    return table


def _both(some: range, others: range) -> range:
    return range(max(some[0], others[0]), min(some[-1], others[-1]) + 1)


def widths(found: Mapping[Cell, tuple[int, int]]) -> dict[Cell, int]:
    """How many values each cell is left."""
    return {name: most - least + 1 for name, (least, most) in found.items()}


def as_before(controlled: pd.DataFrame) -> pd.DataFrame:
    """The control of before: counts of 1 to 5 withheld, and the smallest others of a region with
    them until what is hidden adds up to six; all else printed as it is."""
    counts = controlled["count"].astype(int)
    is_area = controlled["area_level"] == "local_authority"
    is_hidden = (counts > 0) & (counts < 6)
    blocks = controlled[is_area].groupby(["measure", "period_start", "region_code"])
    for _, block in blocks:
        hidden = is_hidden.loc[block.index]
        if not hidden.any():
            continue
        shown = counts.loc[block.index][~hidden & (counts.loc[block.index] > 0)]
        for partner in shown.sort_values(kind="stable").index:
            total = counts.loc[block.index][is_hidden.loc[block.index]]
            if total.sum() >= 6 and len(total) > 1:
                break
            is_hidden[partner] = True
    return controlled.assign(is_hidden=is_hidden)


def read_as_before(hidden: pd.DataFrame) -> Table:
    """What the control of before tells: each count that is not hidden, exactly; the authorities of
    one measure and month that have a region in common add up to its total."""
    table = Table()
    keys = ["measure", "period_start", "region_code"]
    totals = hidden[hidden["area_level"] == "region"].set_index(keys)["count"].astype(int)
    areas = hidden[hidden["area_level"] == "local_authority"]
    for block, rows in areas.groupby(keys):
        total, names = int(totals[block]), []
        for row in rows.itertuples():
            count = int(row.count)  # type: ignore[call-overload,arg-type]
            names.append((str(row.measure), str(row.period_start), str(row.area_code)))
            could = range(1, total + 1) if row.is_hidden else range(count, count + 1)
            table.cells[names[-1]] = could
        table.is_from(dict.fromkeys(names, 1), total, total)
    return table


# ---- Figures that are made of counts, by formulas that every reader knows.

Formula = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def counts_that_print(could: range, formula: Formula, printed: float, decimals: int) -> list[int]:
    """The counts, of those that there could be, of which the formula gives the printed figure."""
    counts = np.array(could, dtype=float)
    apart = np.abs(formula(counts) - printed)
    return [int(n) for n in counts[apart <= 0.5000001 * 10.0**-decimals]]


def of_rate(denominator: float, unit: float) -> Formula:
    """A count for so many of a public population."""
    return lambda counts: counts / denominator * unit


def of_score(expected: float, dispersion: float) -> Formula:
    """The distance from an expected count, in standard deviations (square root of counts)."""
    usual = np.sqrt(expected + 0.125)
    return lambda counts: 2 * (np.sqrt(counts + 0.375) - usual) / np.sqrt(dispersion)


def of_reach(of_estimate: float) -> Formula:
    """By what factor the limit of a share of an estimate lies off, for the count behind it."""
    return lambda counts: np.exp(1.96 * np.sqrt(of_estimate**2 + 1 / np.maximum(counts, 1e-9)))


def of_six_months(others: Sequence[float], expected: float, width: float) -> Formula:
    """A divergence whose other distances are known, of the count of the one month that is not;
    `width` is that of its usual range in counts."""

    def formula(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        distance = np.clip((expected - counts) * 2 * 2.576 / width, -2.5, 2.5)
        return (distance + sum(others)) / np.sqrt(1 + len(others)) / np.sqrt(2)

    return formula


def of_confidence(records: int, others: float) -> Formula:
    """A confidence, of the number of records that are not linked; `others` are its other factors,
    which everybody can count."""
    return lambda counts: others * (records - counts) / records


def difference(some: range, others: range) -> range:
    """How many more there may be of some than of others: a whole less its part, a window less the
    one before it, a release less the one before it."""
    return range(some[0] - others[-1], some[-1] - others[0] + 1)
