"""The audit of disclosure control: whether what is printed gives a withheld small count back.

It takes the part of somebody who has every printed count, knows the rules and can solve programmes
in whole numbers, and repairs what it finds before anything is published.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from warehouse.errors import GateFailed
from warehouse.indicators import Relation
from warehouse.release import ties
from warehouse.release.disclosure import BASE, BLOCK, COUNT, control_cells
from warehouse.release.intervals import Intervals, attained, implied
from warehouse.release.ties import FREE, Bools, Ints, System

NARROWEST = 5  # values that each withheld small count must be left with
MAX_ROUNDS = 12


@dataclass(frozen=True)
class Repairs:
    """What is printed otherwise than by the rules for single counts, so that none can be worked
    out: blocks as `low`, totals of regions and counts of authorities not at all."""

    low_blocks: pd.DataFrame
    withheld_regions: pd.DataFrame
    withheld_counts: pd.DataFrame

    @classmethod
    def none(cls) -> "Repairs":
        return cls(
            pd.DataFrame(columns=BLOCK), pd.DataFrame(columns=BLOCK), pd.DataFrame(columns=COUNT)
        )

    def __add__(self, other: "Repairs") -> "Repairs":
        return Repairs(
            *(
                pd.concat([own, more]).drop_duplicates().sort_values(list(own), ignore_index=True)
                if len(more)
                else own
                for own, more in zip(self._parts, other._parts, strict=True)
            )
        )

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def _parts(self) -> tuple[pd.DataFrame, ...]:
        return self.low_blocks, self.withheld_regions, self.withheld_counts

    def control(self, cells: pd.DataFrame, smallest_shown: int) -> pd.DataFrame:
        """The cells as they are printed, by `disclosure.control_cells`."""
        return control_cells(cells, smallest_shown, *self._parts)

    def records(self) -> dict[str, list[dict[str, str]]]:
        """For the manifest."""
        return {
            name: part.assign(period_start=part["period_start"].astype(str).str[:10]).to_dict(
                "records"
            )
            for name, part in zip(self.__dataclass_fields__, self._parts, strict=True)
        }


@dataclass(frozen=True)
class Family:
    """What was found of measures that are tied together."""

    measures: tuple[str, ...]
    repairs: Repairs
    blocks: int
    cells: int
    narrowest: int | None
    contradicted: int
    rounds: int


@dataclass(frozen=True)
class Audit:
    """What was found of all families, and how they are to be printed."""

    families: tuple[Family, ...]
    kept: tuple[str, ...]
    seconds: float

    @property
    def repairs(self) -> Repairs:
        return sum((family.repairs for family in self.families), Repairs.none())

    def summary(self) -> dict[str, Any]:
        """For the manifest: it tells of no count that is not shown anyway.

        `narrowest` is the least number of values that was found for a withheld small count; the
        search for more ends at `NARROWEST`.
        """
        widths = [family.narrowest for family in self.families if family.narrowest is not None]
        return {
            "families": len(self.families),
            "blocks": sum(family.blocks for family in self.families),
            "cells": sum(family.cells for family in self.families),
            "narrowest": min(widths, default=None),
            "contradicted": sum(family.contradicted for family in self.families),
            "rounds": max((family.rounds for family in self.families), default=0),
            "releases": list(self.kept),
            "seconds": round(self.seconds, 1),
            **self.repairs.records(),
        }


def audited(
    cells: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
    kept: Mapping[str, pd.DataFrame] | None = None,
) -> Audit:
    """Which blocks to print as low and which regions to withhold, so that every withheld count from
    1 to `smallest_shown` - 1 keeps an interval of `NARROWEST` values.

    `cells` are true counts as `disclosure.cells_of` gives them; `kept` is what former releases
    printed, by their names, as `ties.system` takes it. Raises GateFailed, naming the measures, where
    no repair helps.
    """
    began = time.monotonic()
    releases = kept or {}
    number = ties.families(relations, cells["measure"].unique())
    family_of = cells["measure"].map(number)
    found, failed = [], []
    for family in range(len(set(number.values()))):
        measures = tuple(name for name, of in number.items() if of == family)
        printed = [one[one["measure"].isin(measures)] for one in releases.values()]
        one = _audited(cells[family_of == family], measures, relations, smallest_shown, printed)
        if one is None:
            failed.append(", ".join(measures))
        else:
            found.append(one)
    if failed:
        raise GateFailed(
            f"audit of disclosure: small counts could be worked out of {'; '.join(failed)}"
        )
    return Audit(tuple(found), tuple(releases), time.monotonic() - began)


def _audited(
    cells: pd.DataFrame,
    measures: tuple[str, ...],
    relations: Sequence[Relation],
    smallest_shown: int,
    kept: Sequence[pd.DataFrame],
) -> Family | None:
    """The family with what had to be repaired; None where no repair helped."""
    repairs = Repairs.none()
    found = None
    for rounds in range(1, MAX_ROUNDS + 1):
        controlled = repairs.control(cells, smallest_shown)
        system = ties.system(printed(controlled, relations, smallest_shown), relations, kept)
        counts = system.cells["count"].to_numpy(dtype=np.int64)
        system, contradicted = _without_contradicted(system, counts)
        is_small = (counts > 0) & (counts < smallest_shown)
        wanted = is_small & system.cells["is_withheld"].to_numpy(dtype=bool)
        # A repair tells less, so what could be before still can.
        found, leaks = attained(system, counts, wanted, NARROWEST, found)
        if not leaks.any():
            widths = found.width[wanted]
            blocks = len(controlled[BLOCK].drop_duplicates())
            narrowest = int(widths.min()) if len(widths) else None
            return Family(
                measures, repairs, blocks, len(widths), narrowest, contradicted, rounds
            )
        before = len(repairs)
        repairs += _repairs(system, leaks, repairs)
        if len(repairs) == before:
            return None
    return None


def _repairs(system: System, leaks: Bools, former: Repairs) -> Repairs:
    """What to print otherwise for the counts that leak.

    Where totals give them back, their block is printed as low; where it is already, the total of
    the region is withheld. Where ties within their authority do, what stands at the other end of
    such a tie is withheld; also where nothing else is left.
    """
    without_totals = ties.rows_of(system, ~system.is_total)
    alone = implied(without_totals)
    is_tied = alone.width < NARROWEST
    blocks = system.cells[BLOCK]
    is_low = _is_in(blocks, former.low_blocks)
    has_no_region = _is_in(blocks, former.withheld_regions)
    by_totals = leaks & ~is_tied
    return Repairs(
        blocks[by_totals & ~is_low].drop_duplicates(),
        blocks[by_totals & is_low & ~has_no_region].drop_duplicates(),
        _other_ends(without_totals, alone, leaks & (is_tied | (is_low & has_no_region))),
    )


def _other_ends(system: System, alone: Intervals, leaks: Bools) -> pd.DataFrame:
    """Of each leaking count one shown count of its authority that a tie binds it to: of the tie
    that leaves it the fewest values, the one that was counted last; and with it all others of its
    measure and calendar year, since a single gap would tell which count it protects."""
    matrix, by_count = system.matrix, system.matrix.tocsc()
    is_shown = ~system.cells["is_withheld"].to_numpy(dtype=bool)
    largest = system.cells["upper"].to_numpy()
    chosen = []
    for count in np.flatnonzero(leaks):
        rows = by_count.indices[by_count.indptr[count] : by_count.indptr[count + 1]]
        left = [_values_left(system, alone, row, count) for row in rows]
        for row in rows[np.argsort(left, kind="stable")]:
            others = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
            others = others[is_shown[others] & (largest[others] > 0)]
            if len(others):
                starts = system.cells["period_start"].to_numpy()[others]
                chosen.append(others[np.lexsort((others, starts))[-1]])
                break
    keys = [name for name in COUNT if name != "period_start"]
    years = system.cells.assign(year=system.cells["period_start"].dt.year)[[*COUNT, "year"]]
    return years.merge(years.iloc[chosen][[*keys, "year"]].drop_duplicates())[COUNT]


def _values_left(system: System, alone: Intervals, row: int, count: int) -> int:
    """How many values one tie leaves to one of its counts, whose factor is 1 or -1."""
    part = slice(system.matrix.indptr[row], system.matrix.indptr[row + 1])
    counts, factors = system.matrix.indices[part], system.matrix.data[part]
    factor = int(factors[counts == count][0])
    counts, factors = counts[counts != count], factors[counts != count]
    least = np.where(factors > 0, alone.lower[counts], alone.upper[counts]) @ factors
    greatest = np.where(factors > 0, alone.upper[counts], alone.lower[counts]) @ factors
    ends = sorted((factor * (system.lower[row] - greatest), factor * (system.upper[row] - least)))
    lower = max(int(ends[0]), int(system.cells["lower"].iloc[count]))
    upper = min(int(ends[1]), int(system.cells["upper"].iloc[count]))
    return upper - lower + 1


def printed(
    controlled: pd.DataFrame, relations: Sequence[Relation], smallest_shown: int
) -> pd.DataFrame:
    """What a reader knows of each controlled cell: the whole numbers from `lower` to `upper`, of a
    mean of n months in n-ths.

    A shown count is one that rounds to it; `c` is one from 1, `low` one from 0, up to
    `smallest_shown` - 1. The total of a withheld region may be any. Rounding is that of
    `disclosure.rounded`, a middle upwards.
    """
    parts_of = {
        relation.measure: len(relation.months_before)
        for relation in relations
        if relation.kind == "mean"
    }
    parts = controlled["measure"].map(parts_of).fillna(1).to_numpy(dtype=np.int64)
    base = controlled["area_level"].map(BASE).to_numpy(dtype=np.int64)
    shown = controlled["shown"].fillna(0).to_numpy(dtype=np.int64)
    marker = controlled["marker"].to_numpy(dtype=object)
    is_withheld = np.array([one is not None and not pd.isna(one) for one in marker], dtype=bool)
    least = smallest_shown * parts
    lower = np.maximum(-((-(2 * shown - base) * parts) // 2), least)
    upper = -((-(2 * shown + base) * parts) // 2) - 1
    is_none = ~is_withheld & (shown == 0)
    lower[is_none] = upper[is_none] = 0
    lower[is_withheld] = np.where(marker[is_withheld] == "low", 0, 1)
    upper[is_withheld] = least[is_withheld] - 1
    # Repairs are no secret: what they withhold is known not to be small.
    is_repair = is_withheld & (controlled["count"].to_numpy(dtype=float) >= smallest_shown)
    lower[is_repair], upper[is_repair] = least[is_repair], FREE
    return controlled.assign(lower=lower, upper=upper, is_withheld=is_withheld)


def _without_contradicted(system: System, counts: Ints) -> tuple[System, int]:
    """Without the rows that the true counts do not keep, and how many those were."""
    sums = system.matrix @ counts
    is_kept = (sums >= system.lower) & (sums <= system.upper)
    return ties.rows_of(system, is_kept), int((~is_kept).sum())


def _is_in(blocks: pd.DataFrame, chosen: pd.DataFrame) -> Bools:
    keys, others = (pd.MultiIndex.from_frame(frame[BLOCK]) for frame in (blocks, chosen))
    return np.asarray(keys.isin(others))
