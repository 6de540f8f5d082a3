"""Questions to a state that is read as it lies there: in a folder that nobody may write to, in an
older layout, while a run goes on. Nothing is upgraded and nothing written.

Each takes a connection, or None where there is no state yet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.ledger.state import FAILED, GOOD, outbox, runs, settings

Connection = sa.Connection | None
Row = sa.Row[Any]


def rows_of(connection: Connection, query: "sa.Select[Any]") -> Sequence[Row]:
    """What a query finds; nothing where there is no state yet."""
    return connection.execute(query).all() if connection is not None else []


def last_good_run(connection: Connection) -> Row | None:
    """The newest run that ended well."""
    query = sa.select(runs).where(runs.c.outcome.in_(GOOD)).order_by(runs.c.number.desc())
    return next(iter(rows_of(connection, query.limit(1))), None)


def newest_ended_run(connection: Connection) -> Row | None:
    """Number, outcome, exit code and end of the newest run that has ended."""
    query = sa.select(runs.c.number, runs.c.outcome, runs.c.exit_code, runs.c.finished_at)
    ended = query.where(runs.c.outcome.is_not(None)).order_by(runs.c.number.desc())
    return next(iter(rows_of(connection, ended.limit(1))), None)


def failed_and_open_runs(connection: Connection, after: int) -> tuple[list[Row], list[Row]]:
    """Of the runs above a number, in order: those that ended badly, and those that have no end."""
    query = sa.select(runs).where(runs.c.number > after).order_by(runs.c.number)
    found = rows_of(connection, query)
    failed = [run for run in found if run.outcome in FAILED]
    return failed, [run for run in found if run.outcome is None]


def setting(connection: Connection, name: str) -> Any:
    """What the state keeps under a name, None if nothing."""
    values = rows_of(connection, sa.select(settings.c.value).where(settings.c.name == name))
    return values[0][0] if values else None


def messages_waiting(connection: Connection, before: datetime) -> int:
    """How many messages were written before a moment, in UTC, and are still to be sent."""
    written = sa.func.coalesce(outbox.c.created_at, sa.cast(outbox.c.created_on, sa.DateTime))
    query = sa.select(sa.func.count()).where(
        outbox.c.state.in_(("pending", "failed")), written < before
    )
    counts = rows_of(connection, query)
    return int(counts[0][0]) if counts else 0


def messages_not_sent(connection: Connection) -> Sequence[Any]:
    """By channel and state, how many messages could not be sent, and an error of one of them."""
    place = (outbox.c.channel, outbox.c.state)
    query = sa.select(*place, sa.func.count(), sa.func.max(outbox.c.last_error))
    query = query.where(outbox.c.state.in_(("failed", "dead")))
    return rows_of(connection, query.group_by(*place).order_by(*place))
