"""What came, what was refused or held back and why, and how much of all there is; counts and lines
for people, read from the state alone."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import (
    State,
    alert_events,
    alerts,
    backtests,
    outbox,
    problems,
    storms,
    submissions,
)

Rows = list[dict[str, Any]]


def by_status(state: State) -> dict[str, dict[str, int]]:
    """How many there are in each status, of `submissions`, `alerts` and `messages`."""
    columns = {
        "submissions": submissions.c.status,
        "alerts": alerts.c.state,
        "messages": outbox.c.state,
    }
    with state.read() as connection:
        return {
            name: dict(
                connection.execute(
                    sa.select(column, sa.func.count()).group_by(column).order_by(column)
                ).all()
            )
            for name, column in columns.items()
        }


def by_extract(state: State) -> Rows:
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
    return _rows(state, query)


def refused_or_held(state: State) -> list[str]:
    """Submissions refused whole or held back: sender, name and the first reason."""
    return [_named(row) for row in waiting_for_a_person(state, only_held=False)]


def held(state: State) -> list[str]:
    """Accepted submissions that are held back: sender, name and reason."""
    return [_named(row) for row in waiting_for_a_person(state, only_held=True)]


def waiting_for_a_person(state: State, *, only_held: bool) -> Rows:
    """Submissions held back and, unless only those are wanted, refused ones."""
    condition = ledger.is_held()
    if not only_held:
        condition = sa.or_(submissions.c.status == "quarantined", condition)
    query = sa.select(submissions).where(condition).order_by(submissions.c.submission_id)
    return _rows(state, query)


def used_since(state: State, after: int) -> list[str]:
    """Submissions above this number that are used: sender, name and number."""
    is_new = sa.and_(ledger.is_used(), submissions.c.submission_id > after)
    query = sa.select(submissions).where(is_new).order_by(submissions.c.submission_id)
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


def decided(state: State, as_of: date) -> dict[str, Any]:
    """What a release depends on of what came and was decided: `submissions` by status and decision
    with their counts and highest number, `alerts` as the count of events, of snoozes that are
    over and of decisions on what was held, and the highest number of the `backtests`."""
    is_held = submissions.c.held_reason.is_not(None)
    came = sa.select(
        submissions.c.status,
        is_held,
        sa.func.count(),
        sa.func.max(submissions.c.submission_id),
        sa.func.count(submissions.c.overridden_on),
        sa.func.count(submissions.c.withdrawn_on),
    ).group_by(submissions.c.status, is_held)
    snoozed_until = alerts.c.summary["snoozed_until"].as_string()
    is_over = sa.and_(alerts.c.state == "snoozed", snoozed_until <= as_of.isoformat())
    newest = sa.select(sa.func.coalesce(sa.func.max(backtests.c.backtest_id), 0))
    with state.read() as connection:
        return {
            "submissions": sorted([list(row) for row in connection.execute(came)], key=str),
            "alerts": [
                _count(connection, alert_events.c.event_id),
                _count(connection, alerts.c.alert_id, is_over),
                _count(connection, storms.c.decision),
            ],
            "backtests": int(connection.execute(newest).scalar_one()),
        }


def _count(connection: sa.Connection, key: "sa.Column[Any]", *where: Any) -> int:
    return int(connection.execute(sa.select(sa.func.count(key)).where(*where)).scalar_one())


def _named(row: dict[str, Any]) -> str:
    reason = row["held_reason"] or row["first_error"]
    return f"{row['sender']}/{row['original_name']}: {reason} (submission {row['submission_id']})"


def _rows(state: State, query: "sa.Select[Any]") -> Rows:
    with state.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
