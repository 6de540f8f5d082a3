"""How a monitor stands: what came, what is missing, what is wrong; read from the state alone."""

import sys
from typing import Any

import sqlalchemy as sa

from orchestration import inbox
from orchestration.lock import holder
from warehouse.home import Home
from warehouse.ledger import submissions as ledger
from warehouse.ledger.state import State, alerts, outbox, problems, runs, submissions
from warehouse.release import store as releases

Rows = list[dict[str, Any]]
RETURNS = "select status, count(*) from coverage group by status order by status"
CONFLICTS = """
select extract, cast(sum(conflicts) as integer)
from linkage group by extract having sum(conflicts) > 0 order by extract
"""


def status(home: Home, state: State) -> dict[str, Any]:
    last = _last_run(state)
    shown = releases.current(home)
    return {
        "release": shown.release_id if shown else None,
        "as of": str(shown.as_of) if shown else None,
        "simulated": shown.simulated if shown else None,
        "last run": _ended(home, last) if last else None,
        "waiting in the inbox": len(inbox.waiting(home.inbox)),
        "submissions": _counted(state, submissions.c.status),
        "returns": _published(home, RETURNS),
        "link conflicts (to ten)": _published(home, CONFLICTS),
        "alerts": _counted(state, alerts.c.state),
        "messages": _counted(state, outbox.c.state),
        "refused or held back": refused(state),
    }


def _ended(home: Home, run: dict[str, Any]) -> str:
    """How a run ended and when; one that was killed is settled by whichever comes next."""
    if run["finished_at"]:
        return f"{run['outcome']} at {run['finished_at']:%Y-%m-%d %H:%M} UTC"
    goes_on = holder(home.restricted / "run.lock") is not None
    word = "going on since" if goes_on else "killed; began at"
    return f"{word} {run['started_at']:%Y-%m-%d %H:%M} UTC"


def taken_in(state: State, between: tuple[int, int] | None = None) -> Rows:
    """By extract: submissions and rows, taken in and refused."""
    is_refused = sa.cast(submissions.c.status == "quarantined", sa.Integer)
    query = (
        sa.select(
            submissions.c.extract,
            sa.func.count().label("submissions"),
            sa.func.sum(is_refused).label("refused"),
            sa.func.sum(submissions.c.accepted).label("rows"),
            sa.func.sum(submissions.c.quarantined).label("rows_refused"),
        )
        .group_by(submissions.c.extract)
        .order_by(submissions.c.extract)
    )
    if between:
        query = query.where(submissions.c.submission_id.between(*between))
    return _rows(state, query)


def refused(state: State, between: tuple[int, int] | None = None) -> list[str]:
    """Submissions refused whole or held back: sender, name and the first reason."""
    first, last = between or (0, sys.maxsize)
    return [
        _named(row)
        for row in waiting_for_a_person(state, only_held=False)
        if first <= row["submission_id"] <= last
    ]


def waiting_for_a_person(state: State, *, only_held: bool) -> Rows:
    """Submissions held back and, unless only those are wanted, refused ones."""
    out = ledger.is_held()
    if not only_held:
        out = sa.or_(submissions.c.status == "quarantined", out)
    return _rows(state, sa.select(submissions).where(out).order_by(submissions.c.submission_id))


def came(state: State, after: int) -> list[str]:
    """Submissions above this number that are used: sender, name and number."""
    used = sa.and_(ledger.is_used(), submissions.c.submission_id > after)
    query = sa.select(submissions).where(used).order_by(submissions.c.submission_id)
    return [
        f"{row['sender']}/{row['original_name']} (submission {row['submission_id']})"
        for row in _rows(state, query)
    ]


def in_another_form(state: State, after: int) -> list[str]:
    """By sender and extract, how its newest submission above this number differs in form from the
    one before it."""
    query = (
        sa.select(submissions, problems.c.message)
        .join(problems, problems.c.submission_id == submissions.c.submission_id)
        .where(problems.c.rule == ledger.FORM_CHANGED, submissions.c.submission_id > after)
        .order_by(submissions.c.submission_id)
    )
    newest = {(row["sender"], row["extract"]): row for row in _rows(state, query)}
    return [
        f"sender {sender}: {row['message']} (submission {row['submission_id']})"
        for (sender, _), row in sorted(newest.items(), key=lambda item: item[0])
    ]


def held(state: State) -> list[str]:
    """Accepted submissions that are held back, and why."""
    return [_named(row) for row in waiting_for_a_person(state, only_held=True)]


def _named(row: dict[str, Any]) -> str:
    reason = row["held_reason"] or row["first_error"]
    return f"{row['sender']}/{row['original_name']}: {reason} (submission {row['submission_id']})"


def _published(home: Home, query: str) -> dict[str, int]:
    if releases.current(home) is None:
        return {}
    with releases.open_published(home) as connection:
        return dict(connection.execute(query).fetchall())


def _last_run(state: State) -> dict[str, Any] | None:
    rows = _rows(state, sa.select(runs).order_by(runs.c.number.desc()).limit(1))
    return rows[0] if rows else None


def _counted(state: State, column: sa.Column[Any]) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).group_by(column).order_by(column)
    with state.read() as connection:
        rows: list[Any] = list(connection.execute(query).all())
    return dict(rows)


def _rows(state: State, query: sa.Select[Any]) -> Rows:
    with state.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
