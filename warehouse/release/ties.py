"""What ties printed counts together, as one system of inequalities between whole numbers.

A variable is the true count of one measure in one authority, period and breakdown, as it stood
until its sender sent another. A row bounds a sum of such counts: a printed total of areas, a part
and its whole, a window and its months.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sightline.warehouse.indicators import Relation
from sightline.warehouse.release.disclosure import FREE, WHOLE, are_parts

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PERIOD = ["measure", "period_type", "period_start", "breakdown"]
SERIES = ["indicator", *PERIOD]
AS_NOW = ""  # the version of a count that is the one that is printed now
COUNT = [*PERIOD, "area_code", "version"]
MONTHS = 12  # within which a child of a window counts once
MONTH = "month"
QUARTER = 3  # months that the parts of a breakdown are counted in

TO_PARTS = ("beside_parts", "holds_part")

# Who adds up to whom: the level of the total and the column of an authority that names it.
TOTALS = {"sub_region": "sub_region_code", "region": "region_code", "country": None}


@dataclass(frozen=True)
class System:
    """`lower` <= `matrix` @ counts <= `upper`, for the counts of `cells` in their order."""

    cells: pd.DataFrame
    """A row for each variable: `COUNT`, region_code, lower, upper, is_withheld, count (the true
    one, where it is known) and is_kept: whether another release printed it as narrowly."""
    matrix: sparse.csr_matrix
    lower: Ints
    upper: Ints
    is_total: Bools
    """Of each row: whether it adds up authorities; the others are about one of them."""


@dataclass(frozen=True)
class Publication:
    """What one release printed, as `system` takes it."""

    counts: pd.DataFrame
    sums: pd.DataFrame | None = None

    def of(self, measures: Sequence[str]) -> "Publication":
        """What it printed of these measures."""
        counts = self.counts[self.counts["measure"].isin(measures)]
        if self.sums is None:
            return Publication(counts)
        return Publication(counts, self.sums[self.sums["measure"].isin(measures)])

    @property
    def has_withheld(self) -> bool:
        """Whether it withheld a count of an authority that is another one now."""
        is_former = self.counts["version"] != AS_NOW
        is_area = self.counts["area_level"] == "local_authority"
        return bool((is_former & is_area & self.counts["is_withheld"]).any())


def system(
    printed: pd.DataFrame, relations: Sequence[Relation], years: pd.DataFrame | None = None
) -> System:
    """Everything that is known of the counts that one release printed.

    `printed` has a row for each printed count, with the columns `SERIES`, area_code, area_level,
    region_code, sub_region_code, lower and upper (the whole numbers that it may be; thirds of a
    mean of three), is_withheld, count (not a number where it is not known) and, where it is not
    the newest release, version: `AS_NOW` or what came or went since that may have changed it.
    `years` are printed sums of months: indicator, measure, area_code, area_level, period_start,
    period_end, lower and upper.
    """
    measures = set(printed["measure"].unique())
    relations = [one for one in relations if {one.measure, one.of} <= measures]
    means = {relation.measure: relation for relation in relations if relation.kind == "mean"}
    authorities = printed[printed["area_level"] == "local_authority"]
    counted = authorities[~authorities["measure"].isin(means)]
    places = _Places(counted)
    cells = _cells(counted, places)
    rows = _Rows(len(cells))
    members = _members(authorities, places, means)
    _add_totals(rows, printed, members)
    if years is not None:
        _add_years(rows, printed, members, places, years)
    for relation in relations:
        if relation.kind not in ("mean", *TO_PARTS):
            _add_relation(rows, cells, places, relation)
    _add_parts(rows, cells, places, [one for one in relations if one.kind in TO_PARTS])
    _add_parts_of_totals(rows, printed, members)
    _add_means(rows, authorities, places, means)
    return rows.system(cells)


def together(systems: Sequence[System]) -> System:
    """What is known to somebody who has several releases, the newest first: a count of the same
    version is the same one in all of them.

    A bound that contradicts the true count, or those of the releases before it in the order, is
    about another count.
    """
    every = pd.concat([one.cells for one in systems], ignore_index=True)
    number, first = _numbered(every)
    cells = every.iloc[first].reset_index(drop=True)
    starts = np.cumsum([0, *(len(one.cells) for one in systems)])
    columns = [number[start:end] for start, end in pairwise(starts)]
    lower, upper = (cells[name].to_numpy(dtype=np.int64).copy() for name in ("lower", "upper"))
    true = cells["count"].to_numpy(dtype=float)
    is_kept = np.zeros(len(cells), dtype=bool)
    for one, column in zip(systems[1:], columns[1:], strict=True):
        least, most = (one.cells[name].to_numpy(dtype=np.int64) for name in ("lower", "upper"))
        is_kept[column] |= (least >= lower[column]) & (most <= upper[column])
        least, most = np.maximum(lower[column], least), np.minimum(upper[column], most)
        holds = (least <= most) & ~(true[column] < least) & ~(true[column] > most)
        lower[column[holds]], upper[column[holds]] = least[holds], most[holds]
    rows = pd.concat(
        [
            pd.DataFrame({"lower": one.lower, "upper": one.upper, "is_total": one.is_total})
            for one in systems
        ],
        ignore_index=True,
    )
    matrix = sparse.vstack(
        [
            sparse.csr_matrix(
                (one.matrix.data, column[one.matrix.indices], one.matrix.indptr),
                shape=(one.matrix.shape[0], len(cells)),
            )
            for one, column in zip(systems, columns, strict=True)
        ],
        format="csr",
    )
    # Rows that say the same, as most of two releases do, are taken once.
    weights = np.random.default_rng(0).integers(1, 2**40, len(cells))
    chosen = np.flatnonzero(~rows.assign(weight=matrix @ weights).duplicated())
    lower_of, upper_of, is_total = (rows[name].to_numpy()[chosen] for name in rows)
    cells = cells.assign(lower=lower, upper=upper, is_kept=is_kept)
    return System(cells, matrix[chosen], lower_of, upper_of, is_total.astype(bool))


def _numbered(cells: pd.DataFrame) -> tuple[Ints, Ints]:
    """The number of the variable that each row is about, in the order in which they come, and where
    each comes first."""
    codes = np.zeros(len(cells), dtype=np.int64)
    for name in COUNT:
        values, known = pd.factorize(cells[name])
        codes = codes * (len(known) + 1) + values
    number, distinct = pd.factorize(codes)
    first = np.full(len(distinct), len(cells), dtype=np.int64)
    np.minimum.at(first, number, np.arange(len(cells)))
    return np.asarray(number, dtype=np.int64), first


def rows_of(system: System, chosen: Bools) -> System:
    """The same with some of the rows only."""
    return System(
        system.cells,
        system.matrix[np.flatnonzero(chosen)],
        system.lower[chosen],
        system.upper[chosen],
        system.is_total[chosen],
    )


def possible(system: System) -> System:
    """The same without rows that no counts within their bounds can keep, each taken by itself:
    those are about other counts."""
    lower, upper = (system.cells[name].to_numpy(dtype=np.int64) for name in ("lower", "upper"))
    up, down = system.matrix.maximum(0), system.matrix.minimum(0)
    least, most = up @ lower + down @ upper, up @ upper + down @ lower
    return rows_of(system, (least <= system.upper) & (most >= system.lower))


def families(relations: Iterable[Relation], measures: Iterable[str]) -> dict[str, int]:
    """The number of the family of each measure: those that relations tie together."""
    names = sorted(measures)
    number = {name: index for index, name in enumerate(names)}
    pairs = [
        (number[relation.measure], number[relation.of])
        for relation in relations
        if {relation.measure, relation.of} <= number.keys()
    ]
    one, other = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = sparse.coo_matrix((np.ones(len(one)), (one, other)), shape=(len(names), len(names)))
    labels = sparse.csgraph.connected_components(graph, directed=False)[1]
    return dict(zip(names, map(int, labels), strict=True))


class _Places:
    """Finds the variable of a measure, an area and a period."""

    SPAN = 100_000  # more than the months since the year 0

    def __init__(self, authorities: pd.DataFrame) -> None:
        self.measures = pd.Index(authorities["measure"].unique())
        self.areas = pd.Index(authorities["area_code"].unique())
        self.slots = pd.Index(self._slots(authorities).unique())
        self.known = pd.Index(np.unique(self._codes(authorities)))

    def of(self, authorities: pd.DataFrame) -> Ints:
        """The variable of each row; -1 where there is none."""
        return np.asarray(
            self.known.get_indexer(pd.Index(self._codes(authorities))), dtype=np.int64
        )

    def of_other(self, variables: Ints, measure: str, months_before: int = 0) -> Ints:
        """The variable of another measure of the same area, so many months before."""
        codes = self.known.to_numpy()[variables]
        return self._moved(codes, measure, months_before)

    def of_month(self, variables: Ints, measure: str, months_after: int) -> Ints:
        """The variable of a whole count of the same area in a month: so many after the first."""
        codes = self.known.to_numpy()[variables]
        [measured] = self.measures.get_indexer([measure])
        [slot] = self.slots.get_indexer([f"{MONTH}/{WHOLE}"])
        if measured < 0 or slot < 0:
            return np.full(len(codes), -1, dtype=np.int64)
        area = codes // (self.SPAN * len(self.slots)) % len(self.areas)
        moved = (measured * len(self.areas) + area) * len(self.slots) + slot
        wanted = moved * self.SPAN + codes % self.SPAN + months_after
        return np.asarray(self.known.get_indexer(pd.Index(wanted)), dtype=np.int64)

    def of_rows(self, authorities: pd.DataFrame, measure: str, months_before: int) -> Ints:
        """The same for rows that are no variables themselves."""
        codes = self._codes(authorities.assign(measure=measure))
        return self._moved(codes, measure, months_before)

    def _moved(self, codes: Ints, measure: str, months_before: int) -> Ints:
        [place] = self.measures.get_indexer([measure])
        if place < 0:
            return np.full(len(codes), -1, dtype=np.int64)
        rest = codes // self.SPAN % (len(self.areas) * len(self.slots))
        moved = place * len(self.areas) * len(self.slots) + rest
        wanted = np.where(codes < 0, -1, moved * self.SPAN + codes % self.SPAN - months_before)
        return np.asarray(self.known.get_indexer(pd.Index(wanted)), dtype=np.int64)

    def _slots(self, authorities: pd.DataFrame) -> "pd.Series[str]":
        return authorities["period_type"] + "/" + authorities["breakdown"]

    def _codes(self, authorities: pd.DataFrame) -> Ints:
        measure = self.measures.get_indexer(authorities["measure"])
        area = self.areas.get_indexer(authorities["area_code"])
        slot = self.slots.get_indexer(self._slots(authorities))
        starts = pd.DatetimeIndex(authorities["period_start"])
        month = np.asarray(starts.year) * MONTHS + np.asarray(starts.month)
        codes = ((measure * len(self.areas) + area) * len(self.slots) + slot) * self.SPAN + month
        is_known = (measure >= 0) & (area >= 0) & (slot >= 0)
        return np.where(is_known, codes, -1).astype(np.int64)


class _Rows:
    """Rows as they are gathered."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.count = 0
        self.entries: list[tuple[Ints, Ints, Ints]] = []
        self.bounds: list[tuple[Ints, Ints, Bools]] = []

    def add(
        self,
        rows: Ints,
        variables: Ints,
        factors: Ints,
        lower: Ints,
        upper: Ints,
        *,
        is_total: bool,
    ) -> None:
        """Entries of rows that are numbered from 0, and the bounds of each row."""
        self.entries.append((rows + self.count, variables, factors))
        self.bounds.append((lower, upper, np.full(len(lower), is_total)))
        self.count += len(lower)

    def system(self, cells: pd.DataFrame) -> System:
        none = np.zeros(0, dtype=np.int64)
        entries = [(none, none, none), *self.entries]
        bounds = [(none, none, none.astype(bool)), *self.bounds]
        rows, variables, factors = (np.concatenate(part) for part in zip(*entries, strict=True))
        lower, upper, is_total = (np.concatenate(part) for part in zip(*bounds, strict=True))
        shape = (self.count, self.width)
        matrix = sparse.csr_matrix((factors, (rows, variables)), shape=shape, dtype=np.int64)
        return System(cells, matrix, lower, upper, is_total)


def _cells(counted: pd.DataFrame, places: _Places) -> pd.DataFrame:
    """One row for each variable; indicators that print the same count agree on it."""
    counted = counted if "version" in counted else counted.assign(version=AS_NOW)
    grouped = counted.groupby(places.of(counted), sort=True)
    cells = grouped[[*COUNT, "region_code", "count"]].first()
    return cells.assign(
        lower=grouped["lower"].max(),
        upper=grouped["upper"].min(),
        is_withheld=grouped["is_withheld"].all(),
        is_kept=False,
    )


def _members(
    authorities: pd.DataFrame, places: _Places, means: dict[str, Relation]
) -> pd.DataFrame:
    """What each count of an authority sums up: its variable, or those of a mean's months."""
    columns = [*SERIES, "region_code", "sub_region_code"]
    plain = authorities[~authorities["measure"].isin(means)]
    parts = [plain[columns].assign(variable=places.of(plain))]
    for measure, relation in means.items():
        printed = authorities[authorities["measure"] == measure]
        parts += [
            printed[columns].assign(variable=places.of_rows(printed, relation.of, months))
            for months in relation.months_before
        ]
    return pd.concat(parts, ignore_index=True)


def _add_totals(rows: _Rows, printed: pd.DataFrame, members: pd.DataFrame) -> None:
    """Each printed total of areas is the sum of what its members are."""
    for level, link in TOTALS.items():
        totals = printed.loc[printed["area_level"] == level].reset_index(drop=True)
        left = totals[[*SERIES, "area_code"]].assign(total=totals.index)
        left = left.rename(columns={"area_code": link or "country"})
        joined = members.merge(left, on=[*SERIES, link] if link else SERIES)
        # A count that is printed nowhere may be any: the total then only bounds the others.
        is_part = joined.groupby("total")["variable"].transform("min") < 0
        partly = joined.loc[is_part, "total"].unique()
        totals.loc[partly, "lower"] = -FREE
        _add_sums(rows, totals, joined[joined["variable"] >= 0])


def _add_sums(rows: _Rows, totals: pd.DataFrame, joined: pd.DataFrame) -> None:
    """Rows that say the same, as several indicators that print one measure do, are added once."""
    weights = np.random.default_rng(0).integers(1, 2**40, rows.width)
    joined = joined.assign(weight=weights[joined["variable"]])
    held = totals.loc[np.unique(joined["total"])]
    held = held.assign(weight=joined.groupby("total")["weight"].sum())
    held = held[~held.duplicated(["weight", "lower", "upper"])]
    joined = joined[joined["total"].isin(held.index)]
    numbers = pd.Index(held.index).get_indexer(joined["total"])
    rows.add(
        np.asarray(numbers, dtype=np.int64),
        joined["variable"].to_numpy(np.int64),
        np.ones(len(joined), dtype=np.int64),
        held["lower"].to_numpy(np.int64),
        held["upper"].to_numpy(np.int64),
        is_total=True,
    )


def _add_years(
    rows: _Rows,
    printed: pd.DataFrame,
    members: pd.DataFrame,
    places: _Places,
    years: pd.DataFrame,
) -> None:
    """Each printed year is the sum of its months, of an authority or of all members of a total."""
    key = ["indicator", "measure", "area_code"]
    years = years.reset_index(drop=True)
    left = years[[*key, "period_end"]].assign(year=years.index, first=years["period_start"])
    months = printed[printed["period_type"] == "month"].merge(left, on=key)
    months = months[months["period_start"].between(months["first"], months["period_end"])]
    own = months[months["area_level"] == "local_authority"]
    parts = [pd.DataFrame({"year": own["year"], "variable": places.of(own)})]
    for level, link in TOTALS.items():
        above = months.loc[months["area_level"] == level, [*SERIES, "area_code", "year"]]
        above = above.rename(columns={"area_code": link or "country"})
        parts.append(above.merge(members, on=[*SERIES, link] if link else SERIES))
    terms = pd.concat([part[["year", "variable"]] for part in parts], ignore_index=True)
    partly = terms.loc[terms["variable"] < 0, "year"].unique()
    years.loc[partly, "lower"] = -FREE
    terms = terms[terms["variable"] >= 0]
    is_own = (years["area_level"] == "local_authority").to_numpy(dtype=bool)
    for is_total in (False, True):
        chosen = np.intersect1d(terms["year"], np.flatnonzero(is_own != is_total))
        within = terms[terms["year"].isin(chosen)]
        rows.add(
            np.searchsorted(chosen, within["year"]).astype(np.int64),
            within["variable"].to_numpy(np.int64),
            np.ones(len(within), dtype=np.int64),
            years["lower"].to_numpy(np.int64)[chosen],
            years["upper"].to_numpy(np.int64)[chosen],
            is_total=is_total,
        )


def _add_relation(rows: _Rows, cells: pd.DataFrame, places: _Places, relation: Relation) -> None:
    own = np.flatnonzero(cells["measure"].to_numpy() == relation.measure)
    if relation.kind == "part":
        _add_at_most(rows, [(own, 1), (places.of_other(own, relation.of), -1)])
        return
    months = [places.of_other(own, relation.of, before) for before in range(MONTHS + 1)]
    former = places.of_other(own, relation.measure, 1)
    # Children of a window had an event in it; those who come in or leave, in the month that does.
    _add_at_most(rows, [(own, 1), *((month, -1) for month in months[:MONTHS])])
    _add_at_most(rows, [(own, 1), (former, -1), (months[0], -1)])
    _add_at_most(rows, [(former, 1), (own, -1), (months[MONTHS], -1)])
    if relation.kind == "children_of_children":
        for month in months[:MONTHS]:
            _add_at_most(rows, [(month, 1), (own, -1)])


def _add_parts(
    rows: _Rows, cells: pd.DataFrame, places: _Places, relations: Sequence[Relation]
) -> None:
    """The parts of a quarter are no more than the months of the whole that are printed, together
    with what is beside them; a part no more than the months of all that hold it."""
    parts = cells[are_parts(cells)]
    for (measure, dimension), own in parts.groupby([parts["measure"], _dimensions(parts)]):
        of_areas = own.groupby(["area_code", "period_start"]).ngroup()
        numbers = np.asarray(of_areas, dtype=np.int64)
        variables = own.index.to_numpy()
        beside = [
            one.measure
            for one in relations
            if (one.kind, one.of, one.breakdown) == ("beside_parts", measure, dimension)
        ]
        terms = [(str(measure), -1), *((name, 1) for name in beside)]
        _add_months(rows, places, variables, numbers, terms)
    holders: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for one in relations:
        if one.kind == "holds_part":
            holders.setdefault((one.of, one.breakdown), []).append((one.measure, -1))
    for (measure, part), terms in holders.items():
        is_held = (parts["measure"] == measure) & (parts["breakdown"] == part)
        held = parts.index[is_held].to_numpy()
        _add_months(rows, places, held, np.arange(len(held)), terms)


def _add_parts_of_totals(rows: _Rows, printed: pd.DataFrame, members: pd.DataFrame) -> None:
    """Where parts are printed of totals alone: the months of all members are no fewer than those
    parts together."""
    is_part = are_parts(printed)
    is_own = printed["area_level"] == "local_authority"
    alone = is_part & ~is_own & ~printed["measure"].isin(printed["measure"][is_part & is_own])
    parts = printed[alone].assign(dimension=_dimensions(printed[alone]))
    key = ["measure", "area_code", "area_level", "dimension", "period_start"]
    totals = parts.groupby(key, as_index=False)["lower"].sum()
    is_month = (members["period_type"] == MONTH) & (members["breakdown"] == WHOLE)
    months = members[is_month & (members["variable"] >= 0)].drop_duplicates("variable")
    quarters = months["period_start"].dt.to_period("Q").dt.start_time
    months = months.assign(period_start=quarters)
    for level, link in TOTALS.items():
        held = totals[totals["area_level"] == level].reset_index(drop=True)
        held = held.assign(total=held.index).rename(columns={"area_code": link or "country"})
        on = ["measure", "period_start", *([link] if link else [])]
        joined = months.merge(held[[*on, "total"]], on=on)
        rows.add(
            joined["total"].to_numpy(np.int64),
            joined["variable"].to_numpy(np.int64),
            np.ones(len(joined), dtype=np.int64),
            held["lower"].to_numpy(np.int64),
            np.full(len(held), FREE),
            is_total=True,
        )


def _dimensions(parts: pd.DataFrame) -> "pd.Series[str]":
    return parts["breakdown"].str.split(":").str[0]


def _add_months(
    rows: _Rows,
    places: _Places,
    parts: Ints,
    numbers: Ints,
    measures: Sequence[tuple[str, int]],
) -> None:
    """A row for each number: its parts and the months of measures, each with a factor, are nothing
    or less together. A month that is not printed was not covered: there was nothing to count."""
    first = parts[np.unique(numbers, return_index=True)[1]]
    entries = [(numbers, parts, np.ones(len(parts), dtype=np.int64))]
    for measure, factor in measures:
        for month in range(QUARTER):
            variables = places.of_month(first, measure, month)
            known = np.flatnonzero(variables >= 0)
            entries.append((known, variables[known], np.full(len(known), factor, dtype=np.int64)))
    numbered, variables, factors = (np.concatenate(each) for each in zip(*entries, strict=True))
    rows.add(
        numbered,
        variables,
        factors,
        np.full(len(first), -FREE),
        np.zeros(len(first), dtype=np.int64),
        is_total=False,
    )


def _add_at_most(rows: _Rows, terms: Sequence[tuple[Ints, int]]) -> None:
    """The terms add up to nothing or less, wherever each of them is printed."""
    is_whole = np.logical_and.reduce([variables >= 0 for variables, _ in terms])
    count = int(is_whole.sum())
    rows.add(
        np.tile(np.arange(count), len(terms)),
        np.concatenate([variables[is_whole] for variables, _ in terms]),
        np.repeat([factor for _, factor in terms], count).astype(np.int64),
        np.full(count, -FREE),
        np.zeros(count, dtype=np.int64),
        is_total=False,
    )


def _add_means(
    rows: _Rows, authorities: pd.DataFrame, places: _Places, means: dict[str, Relation]
) -> None:
    """A printed mean bounds the sum of its months."""
    for measure, relation in means.items():
        printed = authorities[authorities["measure"] == measure].drop_duplicates(
            [*PERIOD, "area_code"]
        )
        months: list[Any] = [
            places.of_rows(printed, relation.of, before) for before in relation.months_before
        ]
        is_whole = np.logical_and.reduce([month >= 0 for month in months])
        count = int(is_whole.sum())
        rows.add(
            np.tile(np.arange(count), len(months)),
            np.concatenate([month[is_whole] for month in months]),
            np.ones(count * len(months), dtype=np.int64),
            printed["lower"].to_numpy(np.int64)[is_whole],
            printed["upper"].to_numpy(np.int64)[is_whole],
            is_total=False,
        )
