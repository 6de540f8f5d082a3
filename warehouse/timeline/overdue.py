"""Decide which returns are overdue now, by contract and ledger; no run is needed.

For each sender and extract the return after the newest one that is used; a sender that is expected
and never sent anything owes the first that anybody owed.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span, next_span, span_of
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import OFTEN, Contract, Due
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings
from sightline.warehouse.timeline.coverage import owed

# The newest used submission of each sender and extract, and the first day that any told of.
NEWEST = """
select sender, extract, max(period_end) as period_end, min(period_start) as period_start
from submissions
where status = 'accepted' and withdrawn_on is null and period_end is not null
    and (held_reason is null or overridden_on is not null)
group by sender, extract
"""
TABLES = """
select profile from submission_profiles
inner join submissions using (submission_id)
where sender = ? and extract = ? and status = 'accepted'
order by period_end desc, submission_id desc limit 1
"""
Rows = Callable[..., Sequence[Any]]


@dataclass(frozen=True)
class Overdue:
    sender: str
    extract: str
    period: Span
    due_on: date


def returns(rows: Rows, chosen: Sequence[str] | str | None, today: date) -> list[Overdue]:
    """What is overdue today from the chosen authorities, else from those that ever sent."""
    newest, first = {}, dict[str, date]()
    for sender, extract, ends, starts in rows(NEWEST):
        newest[sender, extract] = date.fromisoformat(ends)
        begun = date.fromisoformat(starts)
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
    return [late for late in overdue if not _is_told_more_often(rows, late, newest)]


def of(state: State, settings: Settings, today: date) -> list[Overdue]:
    """What is overdue by the ledger that a run works on."""
    with state.read() as connection:

        def rows(query: str, *values: Any) -> Sequence[Any]:
            return connection.exec_driver_sql(query, values).all()

        return returns(rows, settings.authorities, today)


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


def _is_told_more_often(rows: Rows, late: Overdue, newest: dict[tuple[str, str], date]) -> bool:
    """Whether another extract that the sender sends more often tells all of it by now."""
    contract = contracts.load()[late.extract]
    sources: set[str] = set()
    for sender, extract in newest:
        other = contracts.load()[extract]
        if sender == late.sender and other.due and _place(other) < _place(contract):
            rows_found = rows(TABLES, sender, extract)
            profile = json.loads(rows_found[0][0]) if rows_found else {}
            held = frozenset(name for name, table in profile.items() if table.get("rows"))
            sources |= set(other.windows(late.period, held))
    return set(contract.windows(late.period)) <= sources


def _place(contract: Contract) -> int:
    return OFTEN.index(contract.due.every) if contract.due else len(OFTEN)
