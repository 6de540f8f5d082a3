"""What each sender owes over the time, window by window, before chance delays or loses any."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.bundles import Content, Manifest, content
from sightline.simulation.calendar import Census, Horizon, Term, add_months, day, month_end, number
from sightline.simulation.events import CENSUS_SENDERS
from sightline.simulation.formats import Members, cin, placements, ssd, ssd_care, ssda903
from sightline.simulation.formats import census as school_census
from sightline.simulation.formats.case_systems import PLAIN, CaseSystem, case_system
from sightline.simulation.recording import (
    CARE_EACH_MONTH,
    CARE_ONCE_A_YEAR,
    MONTH_SENT_AGAIN,
    NO_CARE_RETURN,
    NUMBERED_ANEW,
    QUARTER_CORRECTED,
    SENT_ON_THE_28TH,
    SNAPSHOTS,
    day_back,
    named_by_words,
)
from sightline.simulation.software import Software, software
from sightline.simulation.world import World

CORRECTED_AFTER = 45
"""Days after a return at which a part of it is sent again."""
MONTHS_OF_A_SNAPSHOT = 72
EARLY_DAYS = 8
"""Days after the month at which an early sender cuts its referrals."""

MARCH = 3
NOBODY: NDArray[np.int64] = np.empty(0, dtype=np.int64)
NO_MORE: tuple[Members, NDArray[np.int64]] = ({}, NOBODY)

Build = Callable[[int, int | None], Content]
"""Files as known on a day, whole or, for a first attempt, with some rows dropped."""


@dataclass(frozen=True)
class Sender:
    """First and last are the days on which it exists, within the simulated time."""

    la_code: str
    worlds: tuple[World, ...]
    first: date
    last: date
    plain_files: bool = False
    """Whether its software writes no form of its own."""

    @property
    def software(self) -> Software:
        return Software() if self.plain_files else software(self.la_code)


@dataclass(frozen=True)
class Parcel:
    name: str
    """By extract and time, which says what it is; files may be called otherwise."""
    manifest: Manifest
    build: Build
    is_certain: bool = False
    """Sent once, whole and in time."""
    is_again: bool = False
    """Sent after another for some of the same days, on purpose."""

    @property
    def file(self) -> str:
        """Where a sender names files by words: month or term first, then year, then extract."""
        if not named_by_words(self.manifest.sender):
            return self.name
        return NAME.sub(_in_words, self.name)


NAME = re.compile(r"(?P<extract>.+)_(?P<year>\d{4})[-_](?P<part>\d\d|autumn|spring|summer)")


def _in_words(found: re.Match[str]) -> str:
    part = found["part"]
    word = f"{date(2000, int(part), 1):%B}" if part.isdigit() else part.capitalize()
    return f"{word}_{found['year']}_{found['extract']}"


def is_early(la_code: str) -> bool:
    """Whether it cuts its referrals early and sends two months each time."""
    return int(la_code) % 3 == 0 and la_code not in CENSUS_SENDERS


def parcels(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    if sender.la_code in CENSUS_SENDERS:
        yield from _yearly(sender, horizon, rng)
    else:
        yield from _monthly(sender, horizon, rng)
    yield from _termly(sender, horizon, rng)
    if sender.la_code not in NO_CARE_RETURN:
        yield from _quarterly(sender, horizon, rng)
    yield from _each_term(sender, horizon, rng)


def _monthly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    rows_as_written = cache(partial(_social_care, sender.worlds))
    early = is_early(sender.la_code)
    months = [month for month in horizon.reporting_months if sender.first <= month <= sender.last]
    for month in months:
        end = month_end(month)
        start = max(add_months(month, -1), months[0]) if early else month
        if sender.la_code in SNAPSHOTS:
            start = max(add_months(month, 1 - MONTHS_OF_A_SNAPSHOT), months[0])
        wait = EARLY_DAYS if early else int(rng.integers(10, 19))

        def build(day: int, dropped: int | None, start: date = start, end: date = end) -> Content:
            rows, of_care = rows_as_written(_system(sender, horizon, end))
            more, persons = ssd_care.members(of_care, start, end, day) if of_care else NO_MORE
            tables = ssd.members(
                rows, start, end, day, by_cut=early, dropped=dropped, others=persons
            )
            return content(tables | more, Software(has_mark=rows.system.has_mark))

        manifest = Manifest("ssd", sender.la_code, start, end, end + timedelta(days=wait))
        whole = Parcel(f"ssd_{month:%Y-%m}", manifest, build)
        if month == _back(SENT_ON_THE_28TH, sender, horizon):
            yield replace(
                whole,
                manifest=replace(manifest, prepared_on=month.replace(day=28)),
                is_certain=True,
            )
            yield _again(whole)
        else:
            yield whole
        if early and month == _back(MONTH_SENT_AGAIN, sender, horizon):
            prepared = end + timedelta(days=CORRECTED_AFTER)
            part = replace(manifest, period_start=month, prepared_on=prepared)
            yield _again(replace(whole, manifest=part, build=partial(build, start=month)))


def _social_care(
    worlds: tuple[World, ...], system: CaseSystem
) -> tuple[ssd.Rows, ssd_care.Rows | None]:
    """Of a sender who tells of care each month, the tables of care too."""
    if worlds[0].authority.la_code not in CARE_EACH_MONTH:
        return ssd.merged([ssd.rows(world, system, NOBODY) for world in worlds]), None
    rows = [ssd.rows(world, system, ssd_care.children(world)) for world in worlds]
    return ssd.merged(rows), ssd_care.merged([ssd_care.rows(world, system) for world in worlds])


def _system(sender: Sender, horizon: Horizon, end: date) -> CaseSystem:
    """What writes the bundle that ends on a day: until everybody is numbered anew, plain files."""
    changes = _back(NUMBERED_ANEW, sender, horizon)
    is_plain = sender.plain_files or (changes is not None and end < changes)
    return PLAIN if is_plain else case_system(sender.la_code)


def _back(months: Mapping[str, int], sender: Sender, horizon: Horizon) -> date | None:
    back = months.get(sender.la_code)
    found = None if back is None else day_back(horizon, back)
    return None if found is None else day(found)


def _again(parcel: Parcel) -> Parcel:
    """Of the days of a parcel, or of some of them, sent once more and as numbered second."""
    manifest = replace(parcel.manifest, sequence=2)
    return replace(
        parcel, name=f"{parcel.name}_again", manifest=manifest, is_certain=True, is_again=True
    )


def _yearly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    for end in horizon.census_years:
        prepared = date(end.year, 6, 20) + timedelta(days=int(rng.integers(0, 30)))
        start = date(end.year - 1, 4, 1)
        manifest = Manifest("cin_census", sender.la_code, start, end, prepared)
        build = partial(_census_file, sender, end)
        yield Parcel(f"cin_census_{end.year}", manifest, build, is_certain=True)


def _census_file(sender: Sender, end: date, day: int, dropped: int | None) -> Content:  # noqa: ARG001 (all builders are called alike)
    [world] = sender.worlds
    file, counts = cin.census(world, end, lower_case=sender.software.lower_case)
    return {"cin_census.xml": file}, counts


def _termly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    """What happened before an authority was its own is in its predecessor's last census."""
    rows = [school_census.exclusion_rows(world) for world in sender.worlds]
    writes = sender.software
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
            tables = school_census.members(
                sender.worlds,
                rows,
                census,
                sender.la_code,
                span=span,
                tells_absence=tells_absence,
                dropped=dropped,
                counts_with_point=writes.counts_with_point,
            )
            files, counts = content(tables, writes)
            return (_by_term(files, census) if writes.names_tell_term else files), counts

        yield Parcel(f"school_census_{census.year}_{census.term.lower()}", manifest, build)


def _by_term(files: dict[str, bytes], census: Census) -> dict[str, bytes]:
    """Called by year and term, which no table of schools tells then."""
    return {
        f"{census.year}_{census.term.lower()}_{name}": file
        for name, file in files.items()
        if name != school_census.SCHOOLS
    }


def _quarterly(sender: Sender, horizon: Horizon, rng: np.random.Generator) -> Iterator[Parcel]:
    writes = sender.software
    rows = [ssda903.rows(world, iso_days=writes.iso_days) for world in sender.worlds]
    for end in horizon.quarter_ends:
        if not sender.first <= end <= sender.last:
            continue
        if sender.la_code in CARE_ONCE_A_YEAR and end.month != MARCH:
            continue
        start = date(end.year - (end.month < 4), 4, 1)
        prepared = end + timedelta(days=int(rng.integers(12, 20)))
        manifest = Manifest("ssda903", sender.la_code, start, end, prepared)

        build = partial(_care_return, rows, writes, start, end, None)
        whole = Parcel(f"ssda903_{end:%Y-%m}", manifest, build)
        january = date(end.year, 1, 1)
        if not (_ends_last_year(end, horizon) and sender.la_code in QUARTER_CORRECTED):
            yield whole
            continue
        # A first attempt whose last three months are wrong, and those three months again.
        yield replace(
            whole, build=partial(_blurred, rows, writes, start, end, january), is_certain=True
        )
        later = prepared + timedelta(days=CORRECTED_AFTER)
        part = replace(manifest, period_start=january, prepared_on=later)
        again = partial(_care_return, rows, writes, january, end, None)
        yield _again(replace(whole, manifest=part, build=again))


def _ends_last_year(end: date, horizon: Horizon) -> bool:
    """Whether it is the last 31 March of which a correction can have come."""
    marches = [
        one
        for one in horizon.quarter_ends
        if one.month == 3 and one + timedelta(days=2 * CORRECTED_AFTER) <= horizon.as_of
    ]
    return bool(marches) and end == marches[-1]


def _care_return(
    rows: list[ssda903.Rows],
    writes: Software,
    start: date,
    end: date,
    since: date | None,
    day: int,  # noqa: ARG001 (all builders are called alike)
    dropped: int | None,
) -> Content:
    return content(ssda903.members(rows, start, end, dropped=dropped, since=since), writes)


def _blurred(
    rows: list[ssda903.Rows],
    writes: Software,
    start: date,
    end: date,
    since: date,
    day: int,
    dropped: int | None,  # noqa: ARG001 (all builders are called alike)
) -> Content:
    return _care_return(rows, writes, start, end, since, day, end.toordinal())


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
