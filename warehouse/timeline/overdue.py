"""Decide which returns are overdue now, by contract and ledger; no run is needed.

For each sender and extract the return after the newest one that is used; a sender that is expected
and never sent anything owes the first that anybody owed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span, next_span, span_of
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import OFTEN, Contract, Due
from sightline.warehouse.ledger import read_only
from sightline.warehouse.ledger.state import State, submission_profiles, submissions
from sightline.warehouse.ledger.submissions import is_used
from sightline.warehouse.settings import Settings
from sightline.warehouse.timeline.coverage import owed


@dataclass(frozen=True)
class Overdue:
    sender: str
    extract: str
    period: Span
    due_on: date


def returns(
    connection: read_only.Connection, chosen: Sequence[str] | str | None, today: date
) -> list[Overdue]:
    """What is overdue today from the chosen authorities, else from those that ever sent."""
    newest, first = {}, dict[str, date]()
    for sender, extract, ends, begun in _newest(connection):
        newest[sender, extract] = ends
        first[extract] = min(first.get(extract, begun), begun)
    senders = {sender for sender, _ in newest}
    expected = authorities() if chosen == "all" else (chosen or senders)
    overdue = [
        late
        for sender in sorted(set(expected) & set(authorities()))
        for contract, due in owed(sender, newest, first)
        if (sender, contract.name) in newest or sender not in senders
        for late in _overdue(sender, contract, due, newest, first, today)
    ]
    return [late for late in overdue if not _is_told_more_often(connection, late, newest)]


def of(state: State, settings: Settings, today: date) -> list[Overdue]:
    """What is overdue by the ledger that a run works on."""
    with state.read() as connection:
        return returns(connection, settings.authorities, today)


def _newest(connection: read_only.Connection) -> Sequence[Any]:
    """Of each sender and extract the last day of what is used, and the first that any told of."""
    whose = (submissions.c.sender, submissions.c.extract)
    query = (
        sa.select(
            *whose, sa.func.max(submissions.c.period_end), sa.func.min(submissions.c.period_start)
        )
        .where(is_used(), submissions.c.period_end.is_not(None))
        .group_by(*whose)
    )
    return read_only.rows_of(connection, query)


def _profile(connection: read_only.Connection, sender: str, extract: str) -> dict[str, Any]:
    """How full the newest submission is that was taken in; nothing where none was."""
    query = (
        sa.select(submission_profiles.c.profile)
        .join(submissions, submissions.c.submission_id == submission_profiles.c.submission_id)
        .where(submissions.c.sender == sender, submissions.c.extract == extract)
        .where(submissions.c.status == "accepted")
        .order_by(submissions.c.period_end.desc().nulls_last(), submissions.c.submission_id.desc())
        .limit(1)
    )
    found = read_only.rows_of(connection, query)
    return found[0][0] if found else {}


def _overdue(
    sender: str,
    contract: Contract,
    due: Due,
    newest: dict[tuple[str, str], date],
    first: dict[str, date],
    today: date,
) -> Iterable[Overdue]:
    last = newest.get((sender, contract.name))
    period = span_of(first[contract.name], due.every)
    if last is not None:
        period = span_of(last, due.every)
        # The end of a longer return than is due may lie within a period that it holds in part.
        period = next_span(period, due.every) if last >= period.end else period
    while not authorities()[sender].existed(period.start, period.end):
        if period.start > today:
            return
        period = next_span(period, due.every)
    due_on = due.due_on(period)
    if due_on < today:
        yield Overdue(sender, contract.name, period, due_on)


def _is_told_more_often(
    connection: read_only.Connection, late: Overdue, newest: dict[tuple[str, str], date]
) -> bool:
    """Whether another extract that the sender sends more often tells all of it by now."""
    contract = contracts.load()[late.extract]
    sources: set[str] = set()
    for sender, extract in newest:
        other = contracts.load()[extract]
        if sender == late.sender and other.due and _place(other) < _place(contract):
            profile = _profile(connection, sender, extract)
            held = frozenset(name for name, table in profile.items() if table.get("rows"))
            sources |= set(other.windows(late.period, held))
    return set(contract.windows(late.period)) <= sources


def _place(contract: Contract) -> int:
    return OFTEN.index(contract.due.every) if contract.due else len(OFTEN)
