"""Releases as the state remembers them: their numbers, dates and fingerprints."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from warehouse.ledger.state import State, releases, runs

Row = dict[str, Any]


def next_sequence(state: State) -> int:
    """The number that the next release ends with."""
    query = sa.select(sa.func.coalesce(sa.func.max(releases.c.sequence), 0) + 1)
    with state.read() as connection:
        return int(connection.execute(query).scalar_one())


def record(connection: sa.Connection, *, is_current: bool, **columns: Any) -> None:
    """Record a release, in the caller's transaction; a current one takes the place of the last."""
    if is_current:
        connection.execute(sa.update(releases).values(is_current=False))
    connection.execute(sa.insert(releases).values(is_current=is_current, **columns))


def find(state: State, release_id: str) -> Row | None:
    """The record of a release by its id."""
    query = sa.select(releases).where(releases.c.release_id == release_id)
    with state.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return dict(row) if row else None


def last_published(state: State, as_of: date) -> Row | None:
    """The record of the last release that a run published as of a day; look-backs do not count."""
    query = (
        sa.select(releases)
        .join(runs, runs.c.release_id == releases.c.release_id)
        .where(releases.c.as_of == as_of, runs.c.outcome == "released")
        .order_by(releases.c.sequence.desc())
        .limit(1)
    )
    with state.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return dict(row) if row else None
