"""Decide which submission is in force for which days, as known at a date: the newest that covers
a day supersedes the others for it.

A row counts if no newer submission of its sender and source covers its day, also where it lies
outside the days that its own submission covers: it is told late then.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State

DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Submitted:
    """A submission as the ledger knows it."""

    submission_id: int
    extract: str
    sender: str
    period: Span
    received_on: date
    known_on: date
    """When it became known: for an official series, the day of its release."""
    sequence: int | None
    batch: str | None
    is_accepted: bool
    simulated: bool
    records: int = 0
    refused: int = 0
    arrival: int = 0
    """The number of the intake in which it came; what came together shares it."""
    name: str = ""
    tables: frozenset[str] = frozenset()
    """Of the tables without which it does not tell all that it may, those that it holds."""

    @property
    def contract(self) -> Contract:
        return contracts.load()[self.extract]

    @property
    def windows(self) -> dict[str, Span]:
        """The days that it covers, by what it tells: none after the day on which it came."""
        windows = self.contract.windows(self.period, self.tables)
        return {
            source: Span(window.start, min(window.end, self.received_on))
            for source, window in windows.items()
            if window.start <= self.received_on
        }


@dataclass(frozen=True)
class Slice:
    """Days of an authority, and what a submission has to say of them as a source of something."""

    submission: Submitted
    source: str
    span: Span
    place: int = 0
    """Its place among the submissions for this source; a higher one is newer."""
    is_own: bool = True
    """Whether the submission covers these days."""
    speaks: bool = True
    """Whether no newer submission covers them."""


def known(state: State, as_of: date) -> list[Submitted]:
    """Every submission with a period that was known at a date, in the order of becoming known.

    What came together stands in the order of its sender's numbers, then of the end of its period,
    of its start and of its name.
    """
    with state.read() as connection:
        rows = ledger.as_known(connection, as_of)
        tables = ledger.tables_held(connection, _telling_tables())
    submissions = sorted((_submitted(row) for row in rows if _speaks(row)), key=_newness)
    return list(_with_tables(submissions, tables))


def slices(submitted: Iterable[Submitted]) -> list[Slice]:
    """For each authority and source, the days of each submission, no day twice."""
    return [piece for piece in all_slices(submitted) if piece.is_own and piece.speaks]


def all_slices(submitted: Iterable[Submitted]) -> list[Slice]:
    """All days of each submission and source, parted by whether it covers and speaks for them."""
    groups: dict[tuple[str, str], list[Submitted]] = defaultdict(list)
    for submission in in_sequence(submitted):
        if submission.is_accepted and submission.contract.sent_by == "authority":
            for source in submission.windows:
                groups[submission.sender, source].append(submission)
    return [
        piece
        for (_, source), group in sorted(groups.items())
        for piece in _slices_of(group, source)
    ]


def in_sequence(submitted: Iterable[Submitted]) -> list[Submitted]:
    """Submissions for the same days, all numbered by their sender, stand in that order.

    One that is not used does not move those that are.
    """
    ordered = list(submitted)
    places: dict[tuple[str, str, Span], list[int]] = defaultdict(list)
    for place, submission in enumerate(ordered):
        if submission.is_accepted:
            places[submission.sender, submission.extract, submission.period].append(place)
    for same in places.values():
        numbered = [ordered[place] for place in same]
        if all(submission.sequence is not None for submission in numbered):
            numbered.sort(key=lambda submission: submission.sequence or 0)
            for place, submission in zip(same, numbered, strict=True):
                ordered[place] = submission
    return ordered


def in_force(submitted: Sequence[Submitted], cut: Iterable[Slice]) -> set[int]:
    """Submissions that speak for any day; of official series, the newest copy of each release."""
    released = {
        (submission.extract, submission.known_on, submission.period): submission.submission_id
        for submission in submitted
        if submission.is_accepted and submission.contract.sent_by == "publisher"
    }
    return {piece.submission.submission_id for piece in cut} | set(released.values())


def _speaks(row: Mapping[str, Any]) -> bool:
    is_read = row["status"] in ("accepted", "quarantined") and row["withdrawn_on"] is None
    return is_read and row["extract"] in contracts.load() and row["period_start"] is not None


def _telling_tables() -> set[str]:
    return {table for contract in contracts.load().values() for table in contract.telling_tables}


def _with_tables(
    submitted: Iterable[Submitted], rows_held: Mapping[int, Mapping[str, int]]
) -> Iterator[Submitted]:
    """Each with the tables that it holds, if its sender fills them.

    A table that never had a row so far is one that the case system makes and nobody fills: empty,
    it does not say nought.
    """
    filled: set[tuple[str, str]] = set()
    for submission in submitted:
        tables = rows_held.get(submission.submission_id, {})
        if submission.is_accepted:
            filled |= {(submission.sender, name) for name, rows in tables.items() if rows}
        in_use = frozenset(name for name in tables if (submission.sender, name) in filled)
        yield replace(submission, tables=in_use) if in_use else submission


def _submitted(row: Mapping[str, Any]) -> Submitted:
    is_held = row["held_reason"] is not None and row["overridden_on"] is None
    return Submitted(
        row["submission_id"],
        row["extract"],
        row["sender"],
        Span(row["period_start"], row["period_end"]),
        row["received_on"],
        row["known_on"],
        row["sequence"],
        row["batch"],
        row["status"] == "accepted" and not is_held,
        row["simulated"],
        row["records"],
        row["quarantined"],
        row["arrival"],
        row["original_name"],
    )


def _newness(submission: Submitted) -> tuple[date, int, int, date, date, str, int]:
    came, span = (
        (submission.known_on, submission.arrival, submission.sequence or 0),
        (submission.period.end, submission.period.start),
    )
    return (*came, *span, submission.name, submission.submission_id)


def _slices_of(group: list[Submitted], source: str) -> Iterator[Slice]:
    """The newest first; what none has covered so far is left for the one before it."""
    free = [Span(FIRST_DAY, LAST_DAY)]
    ordered = sorted(group, key=lambda submission: submission.contract.rank)
    for place, submission in reversed(list(enumerate(ordered))):
        window = submission.windows[source]
        own, outside = _parted(free, window)
        covered = _minus(Span(FIRST_DAY, LAST_DAY), free)
        silent_own, silent_outside = _parted(covered, window)
        for spans, is_own, speaks in (
            (own, True, True),
            (outside, False, True),
            (silent_own, True, False),
            (silent_outside, False, False),
        ):
            yield from (Slice(submission, source, span, place, is_own, speaks) for span in spans)
        free = outside


def _parted(spans: Iterable[Span], window: Span) -> tuple[list[Span], list[Span]]:
    """The days of these spans that lie in a window, and those that lie outside it."""
    spans = list(spans)
    inside = [
        Span(max(span.start, window.start), min(span.end, window.end))
        for span in spans
        if span.start <= window.end and span.end >= window.start
    ]
    return inside, [rest for span in spans for rest in _without(span, window)]


def _minus(span: Span, taken: Iterable[Span]) -> list[Span]:
    free = [span]
    for other in taken:
        free = [rest for left in free for rest in _without(left, other)]
    return free


def _without(span: Span, other: Span) -> list[Span]:
    if other.end < span.start or other.start > span.end:
        return [span]
    before = Span(span.start, other.start - DAY)
    after = Span(other.end + DAY, span.end)
    return [rest for rest in (before, after) if rest.start <= rest.end]
