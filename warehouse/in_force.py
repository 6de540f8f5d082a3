"""Which submission speaks for which days, as known at a date: newer windows cut older ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from warehouse import contract as contracts
from warehouse.calendar import Span
from warehouse.contract import Contract
from warehouse.intake import ledger
from warehouse.state import State

DAY = timedelta(days=1)


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

    @property
    def contract(self) -> Contract:
        return contracts.load()[self.extract]

    @property
    def windows(self) -> dict[str, Span]:
        return self.contract.windows(self.period)


@dataclass(frozen=True)
class Slice:
    """Days of an authority for which a submission is in force as a source of something."""

    submission: Submitted
    source: str
    span: Span


def known(state: State, as_of: date) -> list[Submitted]:
    """Every submission with a period that was known at a date, in the order of becoming known."""
    with state.read() as connection:
        rows = ledger.as_known(connection, as_of)
    found = [_submitted(row) for row in rows if _speaks(row)]
    return sorted(found, key=lambda one: (one.known_on, one.submission_id))


def slices(submitted: Iterable[Submitted]) -> list[Slice]:
    """For each authority, family and source, the days of each submission, no day twice."""
    groups: dict[tuple[str, str, str], list[Submitted]] = defaultdict(list)
    for one in submitted:
        if one.is_accepted and one.contract.sent_by == "authority":
            for source in one.windows:
                groups[one.sender, one.contract.family, source].append(one)
    return [one for (_, _, source), group in sorted(groups.items()) for one in _cut(group, source)]


def in_force(submitted: Sequence[Submitted], cut: Iterable[Slice]) -> set[int]:
    """Submissions that speak for any day; of official series, the newest copy of each release."""
    released = {
        (one.extract, one.known_on, one.period): one.submission_id
        for one in submitted
        if one.is_accepted and one.contract.sent_by == "publisher"
    }
    return {one.submission.submission_id for one in cut} | set(released.values())


def _speaks(row: Mapping[str, Any]) -> bool:
    is_read = row["status"] in ("accepted", "quarantined") and row["withdrawn_on"] is None
    return is_read and row["extract"] in contracts.load() and row["period_start"] is not None


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
    )


def _cut(group: list[Submitted], source: str) -> list[Slice]:
    taken: list[Span] = []
    found = []
    ordered = sorted(_in_sequence(group), key=lambda one: one.contract.rank)
    for one in ordered[::-1]:
        free = _minus(one.windows[source], taken)
        found += [Slice(one, source, span) for span in free]
        taken += free
    return found


def _in_sequence(group: list[Submitted]) -> list[Submitted]:
    """Submissions for the same days, all numbered by their sender, stand in that order."""
    places: dict[tuple[str, Span], list[int]] = defaultdict(list)
    for place, one in enumerate(group):
        places[one.extract, one.period].append(place)
    ordered = list(group)
    for same in places.values():
        numbered = [group[place] for place in same]
        if all(one.sequence is not None for one in numbered):
            numbered.sort(key=lambda one: one.sequence or 0)
            for place, one in zip(same, numbered, strict=True):
                ordered[place] = one
    return ordered


def _minus(span: Span, taken: Iterable[Span]) -> list[Span]:
    free = [span]
    for other in taken:
        free = [rest for one in free for rest in _without(one, other)]
    return free


def _without(span: Span, other: Span) -> list[Span]:
    if other.end < span.start or other.start > span.end:
        return [span]
    before = Span(span.start, other.start - DAY)
    after = Span(other.end + DAY, span.end)
    return [one for one in (before, after) if one.start <= one.end]
