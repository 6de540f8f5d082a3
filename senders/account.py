"""Explain a submission's outcome: status, row counts, problems, days in force; never a value."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from sightline.report.words import COVERAGE
from sightline.senders.validate import Verdict, Wanted, judged, passed_over
from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span
from sightline.warehouse.connection import connect, records
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.intake.pool import pending_of
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State
from sightline.warehouse.problems import Problem
from sightline.warehouse.timeline.coverage import coverage
from sightline.warehouse.timeline.in_force import Slice, Submitted, in_force, known, slices

USAGE = 2
OTHER_FORM = "Read in another form"
# What becomes of a row that was taken in, and the words for it.
FATES = {
    "counted": "counted",
    "told_late": "told late",
    "superseded": "superseded",
    "outside": "outside (not counted)",
}


def account(home: Home, state: State, submission_id: int, today: date) -> dict[str, Any]:
    """The submission, its fate, its rows, its problems, what speaks for its days, its returns."""
    row = dict(_found(state, submission_id)._mapping)
    with state.read() as connection:
        problems = ledger.problems_of(connection, submission_id)
    notes = [problem for problem in problems if problem["severity"] == "note"]
    submitted = known(state, today)
    cut = slices(submitted)
    own, others = _own_days(submission_id, submitted, cut), _others(submission_id, submitted, cut)
    is_superseded = row["status"] == "accepted" and not own and bool(others)
    return {
        "submission": row,
        "what_became_of_it": f"{fate(row)}{'; superseded since' if is_superseded else ''}",
        "why": row["held_reason"] or row["first_error"],
        "rows": f"{accounting(row)}{passed_over(map(_problem, notes))}",
        "counted": counted(home, submission_id) if is_used(row) else [],
        "problems": [problem for problem in problems if problem not in notes],
        "read_in_another_form": notes,
        "in_force_for": own,
        "days_of_others": others,
        "returns": list(_returns(row, submitted, cut, today)),
    }


def judged_again(home: Home, state: State, submission_id: int, most_rows: int) -> Verdict:
    """Its rows one by one, from its kept original and by the rules of today."""
    row = _found(state, submission_id)
    if row.purged_on:
        raise SightlineError(f"the original of submission {submission_id} is no longer kept")
    return judged(pending_of(home, row, row.status), Wanted(most_rows))


def _found(state: State, submission_id: int) -> "sa.Row[Any]":
    with state.read() as connection:
        row = ledger.find(connection, submission_id)
    if row is None:
        raise SightlineError(f"there is no submission {submission_id}", USAGE)
    return row


def fate(row: dict[str, Any]) -> str:
    """What became of it, in words."""
    if row["status"] == "received":
        return "it waits for the next run"
    if row["status"] == "quarantined":
        return "refused: nothing of it is used"
    if row["withdrawn_on"]:
        return f"taken in, and withdrawn by a person on {row['withdrawn_on']}"
    if row["overridden_on"]:
        return f"taken in, because a person accepted it on {row['overridden_on']}"
    if str(row["held_reason"]).startswith(ledger.UNUSABLE):
        return "held back: it is not used until it is sent anew"
    if row["held_reason"]:
        return "held back: it is not used until a person accepts it"
    if row["quarantined"]:
        rows = "row" if row["quarantined"] == 1 else "rows"
        return f"taken in but for {row['quarantined']:,} {rows}"
    return "taken in whole"


def accounting(row: dict[str, Any]) -> str:
    return (
        f"{row['records']:,} records = {row['accepted']:,} taken in + {row['quarantined']:,}"
        f" refused + {row['duplicates']:,} repeated"
    )


def is_used(row: dict[str, Any]) -> bool:
    """Taken in, and neither held back nor withdrawn."""
    is_held = row["held_reason"] is not None and row["overridden_on"] is None
    return bool(row["status"] == "accepted" and not is_held and row["withdrawn_on"] is None)


def counted(home: Home, submission_id: int) -> list[dict[str, Any]]:
    """What became of its rows in the last run, by table; none where no run has used it."""
    if not home.warehouse_db.exists():
        return []
    query = (
        f"select table_name, taken_in, {', '.join(FATES)} from marts.fct_submission_rows"
        " where submission_id = ? and taken_in > 0 order by table_name"
    )
    with connect(home.warehouse_db, home=home, read_only=True) as connection:
        try:
            cursor = connection.execute(query, [submission_id])
        except duckdb.CatalogException:  # a file that an older version made
            return []
        return records(cursor)


def _counted_in_words(account: dict[str, Any]) -> Iterator[str]:
    rows = account["counted"]
    if not is_used(account["submission"]):
        is_waiting = account["submission"]["status"] == "received"
        yield "Counted: no run has taken it in yet" if is_waiting else "Counted: none of its rows"
        return
    if not rows:
        is_empty = not account["submission"]["accepted"]
        yield "Counted: it has no rows" if is_empty else "Counted: no run has used it yet"
        return
    total = {name: sum(row[name] for row in rows) for name in ("taken_in", *FATES)}
    yield f"Counted: {_sum_of(total)}"
    yield from (f"  {row['table_name'].replace('_', ' ')}: {_sum_of(row)}" for row in rows)
    if late := total["told_late"]:
        yield (
            f"  {late:,} {'row' if late == 1 else 'rows'} told late: counted on their own days,"
            " outside its period"
        )


def _sum_of(row: dict[str, Any]) -> str:
    """The rows taken in, and what became of them; they add up."""
    parts = [
        f"{row[name]:,} {words}"
        for name, words in FATES.items()
        if row[name] or name != "told_late"
    ]
    return f"{row['taken_in']:,} taken in = {' + '.join(parts)}"


def in_words(account: dict[str, Any]) -> Iterator[str]:
    """An account in lines."""
    row = account["submission"]
    area = authorities().get(row["sender"])
    sender = f"{area.name} ({row['sender']})" if area else row["sender"]
    yield f"Submission {row['submission_id']}: {row['original_name']}"
    yield f"  from {sender}, received on {row['received_on']}"
    yield f"What became of it: {account['what_became_of_it']}"
    if account["why"]:
        yield f"Why: {account['why']}"
    yield f"What it is: {_what(row)}"
    yield f"Rows: {account['rows']}"
    yield from _counted_in_words(account)
    yield from _listed("Problems", [problem_in_words(problem) for problem in account["problems"]])
    if notes := account["read_in_another_form"]:
        yield from _listed(OTHER_FORM, [problem_in_words(problem) for problem in notes])
    yield f"In force for: {', '.join(account['in_force_for']) or 'no day'}"
    yield from _listed("Others speak for its days", account["days_of_others"])
    yield from _listed("Returns", account["returns"])


def as_of(state: State, day: date, sender: str | None, extract: str | None) -> list[dict[str, Any]]:
    """Which submission spoke for which days, as it was known on a day."""
    submitted = known(state, day)
    cut = slices(submitted)
    cut_ids = {piece.submission.submission_id for piece in cut}
    released = in_force(submitted, cut) - cut_ids
    rows = [_in_force(piece.submission, piece.source, piece.span) for piece in cut]
    rows += [
        _in_force(submission, submission.extract, submission.period)
        for submission in submitted
        if submission.submission_id in released
    ]
    return [
        row for row in rows if sender in (None, row["sender"]) and extract in (None, row["extract"])
    ]


def problem_in_words(row: dict[str, Any]) -> str:
    """A problem of the ledger, as intake said it."""
    return str(_problem(row))


def _problem(row: dict[str, Any]) -> Problem:
    return Problem(
        row["rule"],
        row["message"],
        row["severity"],
        row["table_name"],
        row["file_name"],
        row["line"],
        row["column_name"],
        row["count"],
        row["official"],
    )


def _in_force(submission: Submitted, source: str, span: Span) -> dict[str, Any]:
    return {
        "sender": submission.sender,
        "extract": submission.extract,
        "tells": source,
        "first_day": span.start,
        "last_day": span.end,
        "submission_id": submission.submission_id,
        "known_on": submission.known_on,
    }


def _what(row: dict[str, Any]) -> str:
    if row["extract"] is None:
        return "not recognised"
    period = "no period" if row["period_start"] is None else _days(_period(row))
    covers = _covers(row)
    early = f", {covers}" if covers else ""
    number = f", number {row['sequence']} of its sender" if row["sequence"] else ""
    return f"{row['extract']}, {period}{early}{number}{', simulated' if row['simulated'] else ''}"


def _covers(row: dict[str, Any]) -> str:
    """What to say of a return that came before all that it tells of had passed."""
    contract = contracts.load().get(row["extract"])
    if contract is None or contract.sent_by != "authority" or row["period_start"] is None:
        return ""
    is_over = contract.window(_period(row)).end <= row["received_on"]
    return (
        ""
        if is_over
        else f"sent before its period was over; covers the days to {row['received_on']}"
    )


def _listed(head: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    yield f"{head}: {'none' if not lines else ''}".rstrip()
    yield from (f"  {line}" for line in lines)


def _period(row: dict[str, Any]) -> Span:
    return Span(row["period_start"], row["period_end"])


def _days(span: Span) -> str:
    return f"{span.start} to {span.end}"


def _own_days(submission_id: int, submitted: list[Submitted], cut: list[Slice]) -> list[str]:
    own = [piece for piece in cut if piece.submission.submission_id == submission_id]
    if not own and submission_id in in_force(submitted, cut):
        return ["the days of its release"]
    return [f"{piece.source} of {_days(piece.span)}" for piece in own]


def _others(submission_id: int, submitted: list[Submitted], cut: list[Slice]) -> list[str]:
    """Which submissions speak for days that this one would tell of."""
    own = next((other for other in submitted if other.submission_id == submission_id), None)
    windows = own.windows if own and own.contract.sent_by == "authority" else {}
    lines = []
    for piece in cut:
        other, window = piece.submission, windows.get(piece.source)
        if (
            own
            and window
            and other.submission_id != submission_id
            and other.sender == own.sender
            and piece.span.start <= window.end
            and piece.span.end >= window.start
        ):
            lines.append(
                f"{piece.source} of {_days(piece.span)}: submission {other.submission_id}"
                f" ({other.extract}, received on {other.received_on})"
            )
    return lines


def _returns(
    row: dict[str, Any], submitted: list[Submitted], cut: list[Slice], today: date
) -> Iterator[str]:
    """How the returns stand that its period touches."""
    area = authorities().get(row["sender"])
    if area is None or row["period_start"] is None:
        return
    period = _period(row)
    for due in coverage(submitted, cut, [area], today):
        is_met = due.period.start <= period.end and due.period.end >= period.start
        if due.extract == row["extract"] and is_met:
            status = COVERAGE[due.status].lower()
            by = f" by submission {due.submission_id}" if due.submission_id else ""
            yield f"{due.extract} of {_days(due.period)}, due on {due.due_on}: {status}{by}"
