"""The audit of disclosure control: whether what is printed gives a withheld small count back.

It takes the part of somebody who has every printed count, knows the rules and can solve programmes
in whole numbers, and repairs what it finds before anything is published.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    FREE,
    NARROWEST,
    YEAR,
    are_parts,
    control_cells,
    is_in,
)  # fmt: skip
from sightline.warehouse.release.intervals import Intervals, attained, completed, implied
from sightline.warehouse.release.ties import Bools, Ints, Publication, System

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
    sums = disclosure.sums_of(connection, cells, smallest_shown)
    audit = audited(cells, relations, smallest_shown, former, years, sums)
    controlled = audit.repairs.control(cells, smallest_shown)
    withheld_counts = audit.repairs.withheld_counts
    withheld = disclosure.control(connection, controlled, sums, smallest_shown, withheld_counts)
    connection.execute(
        "create or replace table control.disclosure_audit as select $1 as summary",
        [json.dumps(audit.summary())],
    )
    return withheld, audit


def audited(
    cells: pd.DataFrame,
    relations: Sequence[Relation],
    smallest_shown: int,
    former: Mapping[str, Publication] | None = None,
    years: pd.DataFrame | None = None,
    sums: pd.DataFrame | None = None,
) -> Audit:
    """Which blocks to print as low and which regions to withhold, so that every withheld count from
    1 to `smallest_shown` - 1 keeps an interval of `NARROWEST` values: those of now, and those of
    former releases, whose senders have sent others since.

    `cells`, `years` and `sums` are true counts as the functions of those names with `_of` in
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
        of_kept = [one.of(measures) for one in others.values()]
        of_years, of_sums = (
            None if one is None else one[one["measure"].isin(measures)] for one in (years, sums)
        )
        own = cells[family_of == family]
        one = _audited(own, measures, relations, smallest_shown, of_kept, of_years, of_sums)
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
    """Of these, and of those of former releases that others came for since, those that are known to
    be at least one and are left fewer than `NARROWEST` values. One that may be none among few
    values is none: the audit left small counts more."""
    narrowest: int | None
    assumes: str
    """What could be assumed together: "everything", or "all but" so many of the ties, where they
    contradict each other."""


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
        own = Publication(now, years).of(measures)
        kept = [one.of(measures) for one in former]
        found.append(_seen(measures, own, relations, smallest_shown, kept))
    return found, int((~now["is_derived"]).sum())


def _seen(
    measures: tuple[str, ...],
    now: Publication,
    relations: Sequence[Relation],
    smallest_shown: int,
    former: Sequence[Publication],
) -> Seen:
    every = [ties.system(one.counts, relations, one.sums) for one in (now, *former)]
    system, counts, amiss = completed(ties.possible(ties.together(every)))
    cells = system.cells
    is_none = every[0].cells["upper"].reindex(cells.index, fill_value=FREE) == 0
    wanted = np.asarray((cells["upper"] < smallest_shown) & ~is_none & cells["is_withheld"])
    found = attained(system, counts, wanted, NARROWEST)[0]
    widths = found.width[wanted & (found.lower > 0)]
    return Seen(
        measures,
        blocks=len(now.counts[BLOCK].drop_duplicates()),
        cells=int(wanted[: len(every[0].cells)].sum()),
        narrow=int((widths < NARROWEST).sum()),
        narrowest=int(widths.min()) if len(widths) else None,
        assumes=f"all but {amiss}" if amiss else "everything",
    )


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
) -> dict[str, Publication]:
    """What the releases that are kept tell, by their names, the newest first; and what the newest
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
) -> dict[str, Publication]:
    """What a release tells of publications before it, but for those that are read themselves."""
    with releases.opened(release.database) as connection:
        names = [one.release_id for one in read]
        return printed.before(connection, relations, smallest_shown, now, names, indicators.load())


def _kept(
    release: releases.Release,
    relations: Sequence[Relation],
    smallest_shown: int,
    submissions: pd.DataFrame,
    now: pd.DataFrame,
) -> Publication:
    repairs = recorded(release)["repairs"]
    with releases.opened(release.database) as connection:
        return printed.kept(
            connection, relations, smallest_shown, repairs, submissions, now, indicators.load()
        )


def recorded(release: releases.Release) -> dict[str, Any]:
    """What the manifest of a release says of its audit; nothing where there was none."""
    return dict(releases.manifest_of(release).get("audit") or {})


def _audited(
    cells: pd.DataFrame,
    measures: tuple[str, ...],
    relations: Sequence[Relation],
    smallest_shown: int,
    kept: Sequence[Publication],
    years: pd.DataFrame | None,
    sums: pd.DataFrame | None,
) -> Family | None:
    """The family with what had to be repaired; None where no repair helped."""
    repairs = Repairs.none()
    found = None
    country = [*cells.loc[cells["area_level"] == "country", "area_code"].unique()]
    blocks = len(cells[BLOCK].drop_duplicates())
    is_area = cells["area_level"] == "local_authority"
    is_any = cells.loc[is_area, "count"].between(1, smallest_shown, inclusive="left").any()
    if not is_any and not any(one.has_withheld for one in kept):
        return Family(measures, repairs, blocks, 0, None, 0, 0)
    former = [ties.system(one.counts, relations, one.sums) for one in kept]
    beside = [ties.together(former)] if former else []
    for rounds in range(1, MAX_ROUNDS + 1):
        controlled = repairs.control(cells, smallest_shown)
        of_years = printed.sums_of_cells(
            years, sums, controlled, smallest_shown, repairs.withheld_counts
        )
        known = printed.of_cells(controlled, relations, smallest_shown)
        system = ties.together([ties.system(known, relations, of_years), *beside])
        system, counts, contradicted = completed(system)
        wanted = _withheld(system, smallest_shown)
        # A repair tells less, so what could be before still can.
        found, leaks = attained(system, counts, wanted, NARROWEST, found)
        leaks &= ~_given_away(system, counts, found, leaks, beside)
        if not leaks.any():
            widths = found.width[wanted & _are_now(system)]
            narrowest = int(widths.min()) if len(widths) else None
            return Family(measures, repairs, blocks, len(widths), narrowest, contradicted, rounds)
        before = len(repairs)
        whole_years = _whole_years(sums, system, leaks, repairs)
        if len(whole_years):
            repairs += replace(Repairs.none(), withheld_counts=whole_years)
        else:
            repairs += _repairs(system, leaks, repairs, country)
        if len(repairs) == before:
            return None
    return None


def _are_now(system: System) -> Bools:
    """Which counts are those of now, whose true number is known."""
    return system.cells["count"].notna().to_numpy(dtype=bool)


def _withheld(system: System, smallest_shown: int) -> Bools:
    """Which counts are withheld and small; of those of former releases, which are known to be."""
    count = system.cells["count"].to_numpy(dtype=float)
    is_small = (count > 0) & (count < smallest_shown)
    upper = system.cells["upper"].to_numpy(dtype=np.int64)
    is_former = ~_are_now(system) & (upper > 0) & (upper < smallest_shown)
    is_withheld = system.cells["is_withheld"].to_numpy(dtype=bool)
    return np.asarray((is_small | is_former) & is_withheld)


def _given_away(
    system: System, counts: Ints, found: Intervals, leaks: Bools, beside: Sequence[System]
) -> Bools:
    """Which of the leaking counts of former releases may be none, for all that is known, and so are
    not found; or are given away by those releases, whatever is printed now."""
    former = leaks & ~_are_now(system)
    if not former.any():
        return former
    is_none = former & (found.lower == 0)
    of_now = system.cells.assign(lower=0, upper=FREE)
    nothing = ties.rows_of(replace(system, cells=of_now), np.zeros(len(system.lower), dtype=bool))
    alone, known, _ = completed(ties.together([nothing, *beside]), counts)
    return np.asarray(is_none | attained(alone, known, former, NARROWEST)[1])


def _whole_years(
    sums: pd.DataFrame | None, system: System, leaks: Bools, former: Repairs
) -> pd.DataFrame:
    """The whole years of the authorities in which counts leak, but for those that are withheld: a
    year goes before any month does, since it is there for want of months alone."""
    if sums is None:
        return former.withheld_counts[:0]
    areas = system.cells.loc[leaks, "area_code"].unique()
    years = sums[(sums["period_type"] == YEAR) & sums["area_code"].isin(areas)]
    return years.loc[~is_in(years, former.withheld_counts, COUNT), COUNT].drop_duplicates()


def _repairs(system: System, leaks: Bools, former: Repairs, country: Sequence[str]) -> Repairs:
    """What to print otherwise for the counts that leak.

    Where totals give them back, their block is printed as low; where it is already, or where it is
    about a count of a former release, the totals of the region are withheld, then England's. Where
    ties within their authority do, what stands at the other end of such a tie is withheld; also
    where nothing else is left.
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
        if done is former.low_blocks:  # parts are from the start
            is_done |= are_parts(blocks) | ~_are_now(system)
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
    breakdown go before the whole counts that they were taken from. What a former release printed
    is no help."""
    matrix, by_count = system.matrix, system.matrix.tocsc()
    is_shown = _are_now(system) & ~system.cells[["is_withheld", "is_kept"]].to_numpy().any(axis=1)
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
