"""What each sender owes over the time, window by window, before chance delays or loses any."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import numpy as np

from simulation.bundles import Content, Manifest, content
from simulation.calendar import Census, Horizon, Term, add_months, month_end, number
from simulation.events import CENSUS_SENDERS
from simulation.formats import census as school_census
from simulation.formats import cin, placements, ssd, ssda903
from simulation.world import World

EARLY_DAYS = 8
"""Days after the month at which an early sender cuts its referrals."""

Build = Callable[[int, int | None], Content]
"""Files as known on a day, whole or, for a first attempt, with some rows dropped."""


@dataclass(frozen=True)
class Sender:
    """First and last are the days on which it exists, within the simulated time."""

    la_code: str
    worlds: tuple[World, ...]
    first: date
    last: date


@dataclass(frozen=True)
class Parcel:
    name: str
    manifest: Manifest
    build: Build
    is_certain: bool = False
    """Sent once, whole and in time."""


def is_early(la_code: str) -> bool:
    """Whether it cuts its referrals early and sends two months each time."""
    return int(la_code) % 3 == 0 and la_code not in CENSUS_SENDERS


def parcels(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    if sender.la_code in CENSUS_SENDERS:
        yield from _yearly(sender, horizon, rng)
    else:
        yield from _monthly(sender, horizon, rng)
    yield from _termly(sender, horizon, rng)
    yield from _quarterly(sender, horizon, rng)
    yield from _each_term(sender, horizon, rng)


def _monthly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    rows = ssd.merged([ssd.rows(world) for world in sender.worlds])
    early = is_early(sender.la_code)
    months = [month for month in horizon.reporting_months if sender.first <= month <= sender.last]
    for month in months:
        end = month_end(month)
        start = max(add_months(month, -1), months[0]) if early else month
        wait = EARLY_DAYS if early else int(rng.integers(10, 19))

        def build(day: int, dropped: int | None, start: date = start, end: date = end) -> Content:
            return content(ssd.members(rows, start, end, day, by_cut=early, dropped=dropped))

        manifest = Manifest("ssd", sender.la_code, start, end, end + timedelta(days=wait))
        yield Parcel(f"ssd_{month:%Y-%m}", manifest, build)


def _yearly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    for end in horizon.census_years:
        prepared = date(end.year, 6, 20) + timedelta(days=int(rng.integers(0, 30)))
        start = date(end.year - 1, 4, 1)
        manifest = Manifest("cin_census", sender.la_code, start, end, prepared)
        build = partial(_census_file, sender.worlds[0], end)
        yield Parcel(f"cin_census_{end.year}", manifest, build, is_certain=True)


def _census_file(world: World, end: date, day: int, dropped: int | None) -> Content:  # noqa: ARG001 (all builders are called alike)
    file, counts = cin.census(world, end)
    return {"cin_census.xml": file}, counts


def _termly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    """What happened before an authority was its own is in its predecessor's last census."""
    rows = [school_census.exclusion_rows(world) for world in sender.worlds]
    for census in horizon.censuses:
        if not any(sender.first <= day <= sender.last for day in (census.end, census.reference)):
            continue
        start, end = max(census.start, sender.first), min(census.end, sender.last)
        wait = timedelta(days=int(rng.integers(0, 7)))
        prepared = min(horizon.arrives(census) + wait, horizon.as_of)
        manifest = Manifest("school_census", sender.la_code, census.start, census.end, prepared)

        def build(
            day: int,  # noqa: ARG001 (all builders are called alike)
            dropped: int | None,
            census: Census = census,
            span: tuple[int, int] = (number(start), number(end)),
            tells_absence: bool = _holds(sender, census.absent_in),
        ) -> Content:
            return content(
                school_census.members(
                    sender.worlds,
                    rows,
                    census,
                    sender.la_code,
                    span=span,
                    tells_absence=tells_absence,
                    dropped=dropped,
                )
            )

        yield Parcel(f"school_census_{census.year}_{census.term.lower()}", manifest, build)


def _quarterly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    rows = [ssda903.rows(world) for world in sender.worlds]
    for end in horizon.quarter_ends:
        if not sender.first <= end <= sender.last:
            continue
        start = date(end.year - (end.month < 4), 4, 1)
        prepared = end + timedelta(days=int(rng.integers(12, 20)))
        manifest = Manifest("ssda903", sender.la_code, start, end, prepared)

        def build(
            day: int,  # noqa: ARG001 (all builders are called alike)
            dropped: int | None,
            start: date = start,
            end: date = end,
        ) -> Content:
            return content(ssda903.members(rows, start, end, dropped=dropped))

        yield Parcel(f"ssda903_{end:%Y-%m}", manifest, build)


def _each_term(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    for term in horizon.terms:
        if not _holds(sender, term):
            continue
        prepared = min(term.end + timedelta(days=int(rng.integers(12, 30))), horizon.as_of)
        manifest = Manifest("alternative_provision", sender.la_code, term.start, term.end, prepared)

        def build(day: int, dropped: int | None, term: Term = term) -> Content:  # noqa: ARG001 (all builders are called alike)
            return content(placements.members(sender.worlds, term, dropped=dropped))

        name = f"alternative_provision_{term.start.year}_{term.name.lower()}"
        yield Parcel(name, manifest, build)


def _holds(sender: Sender, term: Term) -> bool:
    """Whether the sender existed for the whole of a term."""
    return sender.first <= term.start and term.end <= sender.last
