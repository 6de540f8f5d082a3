"""Releases as the state remembers them: numbers, dates, fingerprints, returns to earlier ones."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.warehouse.belonging import MANIFEST
from sightline.warehouse.ledger.state import State, releases, runs, settings

Row = dict[str, Any]
RETURNS = "returns"


@dataclass(frozen=True)
class Return:
    """Readers were led to `release_id` on a day; `newest` is the newest release there was then."""

    release_id: str
    former: str
    newest: str
    on: str
    reason: str

    @property
    def is_back(self) -> bool:
        """Whether it led to an earlier release and not forward to the newest again."""
        return self.release_id != self.newest


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


def manifest_hashes(state: State) -> dict[str, str]:
    """The hash of each release's manifest as it was published, where that was recorded."""
    with state.read() as connection:
        rows = connection.execute(sa.select(releases.c.release_id, releases.c.table_hashes))
        return {
            row.release_id: row.table_hashes[MANIFEST]
            for row in rows
            if MANIFEST in (row.table_hashes or {})
        }


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


def returns(state: State) -> list[Return]:
    """Every return to another release, the oldest first."""
    with state.read() as connection:
        return [Return(**row) for row in read_returns(connection)]


def return_in_force(state: State) -> Return | None:
    """The return to an earlier release by which readers see what they see; none since a newer
    release was made, or they were led forward again."""
    known = returns(state)
    if not known or not known[-1].is_back:
        return None
    with state.read() as connection:
        query = sa.select(releases.c.release_id).where(releases.c.is_current)
        current = connection.execute(query).scalar()
    return known[-1] if current == known[-1].release_id else None


def read_returns(connection: sa.Connection) -> list[Row]:
    """The same as they are kept."""
    query = sa.select(settings.c.value).where(settings.c.name == RETURNS)
    value = connection.execute(query).scalar()
    found: list[Row] = json.loads(value) if value else []
    return found
