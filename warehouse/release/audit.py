"""The audit of disclosure control: whether what is printed gives a withheld small count back.

It takes the part of somebody who has every printed count, knows the rules and can solve programmes
in whole numbers, and repairs what it finds before anything is published.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sightline.warehouse import indicators
from sightline.warehouse.connection import records
from sightline.warehouse.errors import GateFailed, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.indicators import Relation
from sightline.warehouse.release import disclosure, printed, ties
from sightline.warehouse.release import store as releases
from sightline.warehouse.release.disclosure import (
    BLOCK,
    COUNT,
    NARROWEST,
    are_parts,
    control_cells,
    is_in,
)  # fmt: skip
from sightline.warehouse.release.intervals import Intervals, attained, implied, solution
from sightline.warehouse.release.ties import Bools, Ints, System

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
            *(_together(own, more) for own, more in zip(self.parts, other.parts, strict=True))
        )

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def parts(self) -> tuple[pd.DataFrame, ...]:
        return self.low_blocks, self.withheld_regions, self.withheld_counts

    def control(self, cells: pd.DataFrame, smallest_shown: int) -> pd.DataFrame:
        """The cells as they are printed, by `disclosure.control_cells`."""
        return control_cells(cells, smallest_shown, *self.parts)

    def records(self) -> dict[str, list[dict[Any, Any]]]:
        """For the manifest."""
        return {
            name: part.assign(period_start=part["period_start"].astype(str).str[:10]).to_dict(
                "records"
            )
            for name, part in zip(self.__dataclass_fields__, self.parts, strict=True)
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
    smallest_shown: int
    former: tuple[str, ...]
    """The releases that were audited with it."""
    seconds: float

    @property
    def repairs(self) -> Repairs:
        return sum((family.repairs for family in self.families), Repairs.none())

    @property
    def cells(self) -> int:
        """Withheld small counts of authorities."""
        return sum(family.cells for family in self.families)

    def counts(self) -> dict[str, int | float | None]:
        """`narrowest` is the least number of values that was found for a withheld small count; the
        search for more ends at `NARROWEST`."""
        widths = [family.narrowest for family in self.families if family.narrowest is not None]
        return {
            "families": len(self.families),
            "blocks": sum(family.blocks for family in self.families),
            "cells": self.cells,
            "narrowest": min(widths, default=None),
            "contradicted": sum(family.contradicted for family in self.families),
            "rounds": max((family.rounds for family in self.families), default=0),
            "repaired": len(self.repairs),
            "seconds": round(self.seconds, 1),
        }

    def summary(self) -> dict[str, Any]:
        """For the manifest: it tells of no count that is not shown anyway. So it leaves out how
        many counts were small: that would tell of blocks printed as `low` how many are none."""
        counts = {name: value for name, value in self.counts().items() if name != "cells"}
        return {
            "smallest_shown": self.smallest_shown,
            **counts,
            "releases": list(self.former),
            "repairs": self.repairs.records(),
        }


def control(
    home: Home, connection: duckdb.DuckDBPyConnection, smallest_shown: int
) -> tuple[int, Audit]:
    """Control the counts of the work file by what the audit of them asks for; how many are withheld
    and what the audit did. Raises GateFailed where no repair helps."""
    cells = disclosure.cells_of(connection)
    relations = indicators.relations(indicators.load())
    former = former_releases(home, connection, cells, relations, smallest_shown)
    years = disclosure.years_of(connection)
    quarters = disclosure.quarters_of(connection)
    audit = audited(cells, relations, smallest_shown, former, years, quarters)
    withheld = disclosure.control(connection, smallest_shown, *audit.repairs.parts)
    connection.execute(
        "create or replace table control.disclosure_audit as select $1 as summary",
        [json.dumps(audit.summary())],
    )
    return withheld, audit


def audited(
    cells: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
    former: Mapping[str, pd.DataFrame] | None = None,
    years: pd.DataFrame | None = None,
    quarters: pd.DataFrame | None = None,
) -> Audit:
    """Which blocks to print as low and which regions to withhold, so that every withheld count from
    1 to `smallest_shown` - 1 keeps an interval of `NARROWEST` values.

    `cells`, `years` and `quarters` are true counts as the functions of those names with `_of` in
    `disclosure` give them; `former` is what other releases printed, by their names, as
    `former_releases` gives it. Raises GateFailed, naming the measures, where no repair helps.
    """
    began = time.monotonic()
    others = former or {}
    number = ties.families(relations, cells["measure"].unique())
    family_of = cells["measure"].map(number)
    found, failed = [], []
    for family in range(len(set(number.values()))):
        measures = tuple(name for name, of in number.items() if of == family)
        of_kept = [one[one["measure"].isin(measures)] for one in others.values()]
        of_years, of_quarters = (
            None if sums is None else sums[sums["measure"].isin(measures)]
            for sums in (years, quarters)
        )
        own = cells[family_of == family]
        one = _audited(own, measures, relations, smallest_shown, of_kept, of_years, of_quarters)
        if one is None:
            failed.append(", ".join(measures))
        else:
            found.append(one)
    if failed:
        raise GateFailed(
            f"audit of disclosure: small counts could be worked out of {'; '.join(failed)}"
        )
    return Audit(tuple(found), smallest_shown, tuple(others), time.monotonic() - began)


@dataclass(frozen=True)
class Seen:
    """What a reader makes out of the published counts of one family."""

    measures: tuple[str, ...]
    blocks: int
    cells: int
    """Withheld counts of authorities."""
    narrow: int
    """Of these, those that are known to be at least one and are left fewer than `NARROWEST` values.
    One that may be none among few values is none: the audit left small counts more."""
    narrowest: int | None
    assumes: str
    """What could be assumed together: "everything", "this release alone", "totals alone", or
    "nothing", where the printed counts contradict each other."""


def seen(home: Home, release: releases.Release) -> tuple[list[Seen], int]:
    """Audit a release as its readers could, with all others that are kept; without true counts.

    Gives what they make out of each family, and how many values do not follow from the counts that
    are shown. Raises SightlineError for a release from before there was an audit.
    """
    done = recorded(release)
    if not done:
        raise SightlineError(f"{release.release_id} was published before there was an audit")
    smallest_shown = int(done["smallest_shown"])
    catalogue = indicators.load()
    relations = indicators.relations(catalogue)
    with releases.opened(release.database) as connection:
        years = printed.years_of_release(connection, smallest_shown, catalogue)
        now = printed.of_release(connection, relations, smallest_shown, done["repairs"])
        submissions = printed.in_force(connection)
    beside = [one for one in _comparable(home, smallest_shown) if one != release]
    former = [_kept(one, relations, smallest_shown, submissions, now) for one in beside]
    read = [release, *beside]
    former += _by_its_history(release, relations, smallest_shown, now, read).values()
    number = ties.families(relations, now["measure"].unique())
    found = []
    for family in range(len(set(number.values()))):
        measures = tuple(name for name, of in number.items() if of == family)
        own, *kept = (cells[cells["measure"].isin(measures)] for cells in (now, *former))
        of_years = years[years["measure"].isin(measures)]
        found.append(_seen(measures, own, relations, smallest_shown, kept, of_years))
    return found, int((~now["is_derived"]).sum())


def _seen(
    measures: tuple[str, ...],
    now: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
    former: Sequence[pd.DataFrame],
    years: pd.DataFrame,
) -> Seen:
    alone = ties.possible(ties.system(now, relations, years=years))
    blocks = len(now[BLOCK].drop_duplicates())
    for assumes, system in (
        (
            "everything",
            ties.possible(ties.system(now, relations, former, years)) if former else alone,
        ),
        ("this release alone", alone),
        ("totals alone", ties.rows_of(alone, alone.is_total)),
    ):
        counts = solution(system)
        if counts is None:
            continue
        cells = system.cells
        is_small = (cells["upper"] < smallest_shown) & (alone.cells["upper"] > 0)
        wanted = np.asarray(is_small & cells["is_withheld"], dtype=bool)
        found = attained(system, counts, wanted, NARROWEST)[0]
        widths = found.width[wanted & (found.lower > 0)]
        narrow = int((widths < NARROWEST).sum())
        narrowest = int(widths.min()) if len(widths) else None
        return Seen(measures, blocks, int(wanted.sum()), narrow, narrowest, assumes)
    return Seen(measures, blocks, 0, 0, None, "nothing")


def shares(release: releases.Release) -> list[dict[str, Any]]:
    """What control costs readers of a release: by size of authority (children aged 0 to 17), the
    counts there, per cent of them withheld, and the largest error of a shown rate from rounding in
    the middle of the authorities, in per cent of the rate."""
    with releases.opened(release.database) as connection:
        return records(connection.execute(SHARES))


def former_releases(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    cells: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
) -> dict[str, pd.DataFrame]:
    """What the releases that are kept tell beyond the next one, by their names; and what the newest
    of them tells, as the next one will, of those that are kept no more.

    Those from before there was an audit, or under another limit, are left out: what they give away
    is given away.
    """
    comparable = _comparable(home, smallest_shown)
    if not comparable:
        return {}
    now = printed.of_cells(control_cells(cells, smallest_shown), relations, smallest_shown)
    submissions = printed.in_force(connection, "control.submissions")
    found = {
        release.release_id: _kept(release, relations, smallest_shown, submissions, now)
        for release in comparable
    }
    newest = next((one for one in comparable if not one.looks_back), comparable[0])
    return found | _by_its_history(newest, relations, smallest_shown, now, comparable)


def _comparable(home: Home, smallest_shown: int) -> list[releases.Release]:
    """The releases that are kept and were audited under this limit, the newest first."""
    return [
        release
        for release in releases.list_releases(home)
        if recorded(release).get("smallest_shown") == smallest_shown
    ]


def _by_its_history(
    release: releases.Release,
    relations: Sequence[Relation],
    smallest_shown: int,
    now: pd.DataFrame,
    read: Sequence[releases.Release],
) -> dict[str, pd.DataFrame]:
    """What a release tells of publications before it, but for those that are read themselves."""
    with releases.opened(release.database) as connection:
        names = [one.release_id for one in read]
        return printed.before(connection, relations, smallest_shown, now, names)


def _kept(
    release: releases.Release,
    relations: Sequence[Relation],
    smallest_shown: int,
    submissions: pd.DataFrame,
    now: pd.DataFrame,
) -> pd.DataFrame:
    repairs = recorded(release)["repairs"]
    with releases.opened(release.database) as connection:
        return printed.kept(connection, relations, smallest_shown, repairs, submissions, now)


def recorded(release: releases.Release) -> dict[str, Any]:
    """What the manifest of a release says of its audit; nothing where there was none."""
    return dict(releases.manifest_of(release).get("audit") or {})


def _audited(
    cells: pd.DataFrame,
    measures: tuple[str, ...],
    relations: Sequence[Relation],
    smallest_shown: int,
    kept: Sequence[pd.DataFrame],
    years: pd.DataFrame | None,
    quarters: pd.DataFrame | None,
) -> Family | None:
    """The family with what had to be repaired; None where no repair helped."""
    repairs = Repairs.none()
    found = None
    country = [*cells.loc[cells["area_level"] == "country", "area_code"].unique()]
    blocks = len(cells[BLOCK].drop_duplicates())
    is_area = cells["area_level"] == "local_authority"
    if not cells.loc[is_area, "count"].between(1, smallest_shown, inclusive="left").any():
        return Family(measures, repairs, blocks, 0, None, 0, 0)
    for rounds in range(1, MAX_ROUNDS + 1):
        controlled = repairs.control(cells, smallest_shown)
        of_years = printed.sums_of_cells(years, quarters, controlled, smallest_shown)
        known = printed.of_cells(controlled, relations, smallest_shown)
        system = ties.system(known, relations, kept, of_years)
        counts = system.cells["count"].to_numpy(dtype=np.int64)
        system, contradicted = _without_contradicted(system, counts)
        is_small = (counts > 0) & (counts < smallest_shown)
        wanted = is_small & system.cells["is_withheld"].to_numpy(dtype=bool)
        # A repair tells less, so what could be before still can.
        found, leaks = attained(system, counts, wanted, NARROWEST, found)
        if not leaks.any():
            widths = found.width[wanted]
            narrowest = int(widths.min()) if len(widths) else None
            return Family(measures, repairs, blocks, len(widths), narrowest, contradicted, rounds)
        before = len(repairs)
        repairs += _repairs(system, leaks, repairs, country)
        if len(repairs) == before:
            return None
    return None


def _repairs(system: System, leaks: Bools, former: Repairs, country: Sequence[str]) -> Repairs:
    """What to print otherwise for the counts that leak.

    Where totals give them back, their block is printed as low; where it is already, the totals of
    the region are withheld, then England's. Where ties within their authority do, what stands at
    the other end of such a tie is withheld; also where nothing else is left.
    """
    without_totals = ties.rows_of(system, ~system.is_total)
    alone = implied(without_totals)
    is_tied = alone.width < NARROWEST
    left = leaks & ~is_tied
    steps = []
    regions = system.cells[BLOCK]
    national = [regions.assign(region_code=code) for code in country]
    for blocks, done in (
        (regions, former.low_blocks),
        (regions, former.withheld_regions),
        *((blocks, former.withheld_regions) for blocks in national),
    ):
        is_done = is_in(blocks, done, BLOCK)
        is_done |= are_parts(blocks) & (done is former.low_blocks)  # they are from the start
        steps.append(blocks[left & ~is_done].drop_duplicates())
        left &= is_done
    low, *withheld = steps
    return Repairs(
        low,
        pd.concat(withheld),
        _other_ends(without_totals, alone, left | (leaks & is_tied)),
    )


def _other_ends(system: System, alone: Intervals, leaks: Bools) -> pd.DataFrame:
    """Of each leaking count one shown count of its authority that a tie binds it to: of the tie
    that leaves it the fewest values, the one that was counted last; and with it all others of its
    measure and calendar year, since a single gap would tell which count it protects. Parts of a
    breakdown go before the whole counts that they were taken from."""
    matrix, by_count = system.matrix, system.matrix.tocsc()
    is_shown = ~system.cells["is_withheld"].to_numpy(dtype=bool)
    largest = system.cells["upper"].to_numpy()
    is_part = are_parts(system.cells)
    chosen = []
    for count in np.flatnonzero(leaks):
        rows = by_count.indices[by_count.indptr[count] : by_count.indptr[count + 1]]
        left = [_values_left(system, alone, int(row), int(count)) for row in rows]
        for row in rows[np.argsort(left, kind="stable")]:
            others = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
            others = others[is_shown[others] & (largest[others] > 0)]
            if len(others):
                starts = system.cells["period_start"].to_numpy()[others]
                chosen.append(others[np.lexsort((others, starts, is_part[others]))[-1]])
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


def _without_contradicted(system: System, counts: Ints) -> tuple[System, int]:
    """Without the rows that the true counts do not keep, and how many those were."""
    sums = system.matrix @ counts
    is_kept = (sums >= system.lower) & (sums <= system.upper)
    return ties.rows_of(system, is_kept), int((~is_kept).sum())


def _together(some: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    if more.empty:
        return some
    both = pd.concat([some, more]).drop_duplicates()
    return both.sort_values([*both.columns], ignore_index=True)


# The error of a count rounded to 5 is 2 at most; half of that on average.
SHARES = """
with sizes as (
    select area_code, max(denominator) as children
    from trends
    where source = 'extracts' and indicator in (
        select indicator from indicators where denominator = 'population_0_17'
    )
    group by area_code
),

counts as (
    select
        trends.*,
        case
            when sizes.children < 25000 then '1: under 25,000'
            when sizes.children < 75000 then '2: 25,000 to 75,000'
            when sizes.children >= 75000 then '3: 75,000 and more'
            else '4: not known'
        end as size
    from trends
    inner join indicators on trends.indicator = indicators.indicator
    left join sizes on trends.area_code = sizes.area_code
    where
        trends.source = 'extracts' and trends.area_level = 'local_authority'
        and indicators.family <> 'joint'
        and (trends.numerator is not null or trends.marker in ('c', 'low', 'high'))
)

select
    size[4:] as children,
    count(*) as counts,
    round(100 * avg(case when numerator is null then 1 else 0 end), 1) as withheld_per_cent,
    round(median(200 / nullif(numerator, 0)), 1) as largest_error_per_cent
from counts
group by size
order by size
"""
