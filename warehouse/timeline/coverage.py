"""Decide which returns were due by when and whether they came: by sender, extract, period."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sightline.warehouse.areas import Authority, authorities
from sightline.warehouse.calendar import Span, next_span, span_of
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import OFTEN, Contract, Due
from sightline.warehouse.timeline.in_force import Slice, Submitted, slices

OWED = ("not_due", "missing", "late")


@dataclass(frozen=True)
class Covered:
    """A return that is due, and what is known of it."""

    la_code: str
    extract: str
    period: Span
    due_on: date
    received_on: date | None
    status: str
    submission_id: int | None


def expected(submitted: Iterable[Submitted], chosen: Sequence[str] | str | None) -> list[Authority]:
    """The authorities that are expected to send: those chosen, else all that ever have."""
    if chosen == "all":
        return list(authorities().values())
    senders = set(chosen) if chosen else {submission.sender for submission in submitted}
    return [authority for code, authority in authorities().items() if code in senders]


def coverage(
    submitted: Sequence[Submitted],
    cut: Iterable[Slice],
    senders: Iterable[Authority],
    as_of: date,
) -> list[Covered]:
    """Every return due up to a date from these senders, in a stable order."""
    sent: dict[tuple[str, str], list[Submitted]] = defaultdict(list)
    of_extract: dict[str, list[Submitted]] = defaultdict(list)
    for submission in submitted:
        sent[submission.sender, submission.extract].append(submission)
        of_extract[submission.extract].append(submission)
    first = {extract: _first(submissions) for extract, submissions in of_extract.items()}
    in_force: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for piece in cut:
        in_force[piece.submission.sender, piece.submission.extract].append(piece)
    instead = _told_more_often(submitted)
    return [
        row
        for authority in senders
        for contract, due in owed(authority.la_code, sent, first)
        for key in [(authority.la_code, contract.name)]
        for start in [_first(sent[key]) if sent[key] else first[contract.name]]
        for period in _periods(authority, due, start, as_of)
        for row in [
            _covered(authority.la_code, contract, due, period, sent[key], in_force[key], as_of)
        ]
        if row.status not in OWED or not _is_told(contract, period, instead[key])
    ]


def coverage_digest(
    submitted: Sequence[Submitted], chosen: Sequence[str] | str | None, as_of: date
) -> str:
    """A hash of what is known at a date and of the returns due by then: the same, the same."""
    rows = [
        (row.la_code, row.extract, str(row.period.start), row.status, row.period.end <= as_of)
        for row in coverage(submitted, slices(submitted), expected(submitted, chosen), as_of)
        if row.status != "not_due"
    ]
    numbers = [submission.submission_id for submission in submitted]
    return hashlib.sha256(json.dumps([numbers, rows]).encode()).hexdigest()


def owed(
    la_code: str, sent: Mapping[tuple[str, str], object], first: Mapping[str, date]
) -> Iterator[tuple[Contract, Due]]:
    """Of extracts that tell the same, the one due most often that the authority sends is owed; of
    those alike, the one that outranks the others."""
    families: dict[str, list[tuple[Contract, Due]]] = defaultdict(list)
    for contract in contracts.load().values():
        if contract.due and contract.name in first:
            families[contract.family].append((contract, contract.due))
    for family in families.values():
        own = [candidate for candidate in family if sent.get((la_code, candidate[0].name))]
        owed, due = min(
            own or family,
            key=lambda candidate: (OFTEN.index(candidate[1].every), -candidate[0].rank),
        )
        yield owed, due


def _told_more_often(submitted: Iterable[Submitted]) -> dict[tuple[str, str], dict[str, date]]:
    """By authority and extract, what another one tells that is due more often, and since when.

    Who sends the tables of care each month owes no return of it each quarter.
    """
    often = {
        name: OFTEN.index(contract.due.every)
        for name, contract in contracts.load().items()
        if contract.due
    }
    since: dict[tuple[str, str], dict[str, date]] = defaultdict(dict)
    for submission in submitted:
        if not (submission.is_accepted and submission.extract in often):
            continue
        for name in (name for name, place in often.items() if place > often[submission.extract]):
            begun = since[submission.sender, name]
            for source, window in submission.windows.items():
                begun[source] = min(begun.get(source, window.start), window.start)
    return since


def _is_told(contract: Contract, period: Span, instead: dict[str, date]) -> bool:
    windows = contract.windows(period).items()
    return all(source in instead and instead[source] <= window.start for source, window in windows)


def _first(sent: list[Submitted]) -> date:
    """Where the returns begin: with those that are used, since others may state any period."""
    used = [submission for submission in sent if submission.is_accepted]
    return min(submission.period.start for submission in used or sent)


def _periods(authority: Authority, due: Due, start: date, as_of: date) -> Iterator[Span]:
    period = span_of(start, due.every)
    while due.begins_on(period) <= as_of:
        if authority.existed(period.start, period.end):
            yield period
        period = next_span(period, due.every)


def _covered(
    la_code: str,
    contract: Contract,
    due: Due,
    period: Span,
    sent: list[Submitted],
    in_force: list[Slice],
    as_of: date,
) -> Covered:
    due_on = due.due_on(period)
    whole = [
        submission
        for submission in sent
        if submission.is_accepted and _covers(submission, contract, period)
    ]
    if whole:
        received_on = min(submission.received_on for submission in whole)
        status = "received" if received_on <= due_on else "late"
        current = _current(whole, in_force)
        return Covered(
            la_code, contract.name, period, due_on, received_on, status, current.submission_id
        )
    touching = [submission for submission in sent if _meets(submission.period, period)]
    partial = [submission for submission in touching if submission.is_accepted]
    if newest := (partial or touching)[-1:]:
        status = "partial" if partial else "quarantined"
        submission = newest[0]
        return Covered(
            la_code,
            contract.name,
            period,
            due_on,
            submission.received_on,
            status,
            submission.submission_id,
        )
    status = "not_due" if as_of <= due_on else "missing"
    return Covered(la_code, contract.name, period, due_on, None, status, None)


def _current(whole: list[Submitted], in_force: list[Slice]) -> Submitted:
    alive = {piece.submission.submission_id for piece in in_force}
    return next(
        (submission for submission in reversed(whole) if submission.submission_id in alive),
        whole[-1],
    )


def _covers(submission: Submitted, contract: Contract, period: Span) -> bool:
    """Whether it holds the whole period, and came when all that it tells of had passed."""
    ends = (window.end for window in contract.windows(period).values())
    return _holds(submission.period, period) and max(ends) <= submission.received_on


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and outer.end >= inner.end


def _meets(span: Span, other: Span) -> bool:
    return span.start <= other.end and span.end >= other.start
