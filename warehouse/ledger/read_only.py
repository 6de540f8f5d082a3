"""Questions to a state that is read as it lies there: in a folder that nobody may write to, in an
older layout, while a run goes on. Nothing is upgraded and nothing written.

Each takes `rows`, which answers a query with its parameters.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sightline.warehouse.ledger.state import FAILED, GOOD

Rows = Callable[..., list[sqlite3.Row]]
NEWEST_ENDED = """
select number, outcome, exit_code, finished_at from runs
where outcome is not null order by number desc limit 1
"""
WAITING = """
select count(*) from outbox
where state in ('pending', 'failed') and coalesce(created_at, created_on) < ?
"""
NOT_SENT = """
select channel, state, count(*), max(last_error) from outbox
where state in ('failed', 'dead') group by channel, state order by channel, state
"""


def asking(connection: sqlite3.Connection | None) -> Rows:
    """What answers queries to an open state; with nothing where there is none yet."""

    def rows(query: str, *values: Any) -> list[sqlite3.Row]:
        return connection.execute(query, values).fetchall() if connection else []

    if connection:
        connection.row_factory = sqlite3.Row
    return rows


def last_good_run(rows: Rows) -> sqlite3.Row | None:
    """The newest run that ended well."""
    marks = ", ".join("?" for _ in GOOD)
    query = f"select * from runs where outcome in ({marks}) order by number desc limit 1"
    return next(iter(rows(query, *GOOD)), None)


def newest_ended_run(rows: Rows) -> sqlite3.Row | None:
    """Number, outcome, exit code and end of the newest run that has ended."""
    return next(iter(rows(NEWEST_ENDED)), None)


def failed_and_open_runs(rows: Rows, after: int) -> tuple[list[sqlite3.Row], list[sqlite3.Row]]:
    """Of the runs above a number, in order: those that ended badly, and those that have no end."""
    runs = rows("select * from runs where number > ? order by number", after)
    failed = [run for run in runs if run["outcome"] in FAILED]
    return failed, [run for run in runs if run["outcome"] is None]


def setting(rows: Rows, name: str) -> Any:
    """What the state keeps under a name, None if nothing."""
    values = rows("select value from settings where name = ?", name)
    return values[0][0] if values else None


def messages_waiting(rows: Rows, before: datetime) -> int:
    """How many messages were written before a moment, in UTC, and are still to be sent."""
    counts = rows(WAITING, before.isoformat(sep=" "))
    return int(counts[0][0]) if counts else 0


def messages_not_sent(rows: Rows) -> list[sqlite3.Row]:
    """By channel and state, how many messages could not be sent, and an error of one of them."""
    return rows(NOT_SENT)
