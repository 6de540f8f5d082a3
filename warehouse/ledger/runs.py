"""Runs as the state remembers them: numbered as they begin, completed as they end.

A row without an outcome is a run that goes on, or that was killed: whoever next holds the run lock
tells the two apart, since only its holder begins a run.
"""

from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from sightline.warehouse import clock
from sightline.warehouse.database import Database
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger.state import BUILT, State, runs

Outcome = Literal[
    "released",
    "unchanged",
    "nothing",
    "history",
    "partial",
    "gate_failed",
    "failed",
    "busy",
    "configuration",
    "key",
    "killed",
]
Row = dict[str, Any]


class NotRecorded(Exception):
    """The state is damaged or of an older layout; the message is the kind of fault."""


def begin(state: State, run_id: str, as_of: date, started_by: str) -> int:
    """The number of this run, which begins now unless it has begun before."""
    with state.begin() as connection:
        known = sa.select(runs.c.number).where(runs.c.run_id == run_id)
        number = connection.execute(known).scalar()
        if number is not None:
            return int(number)
        row = {"run_id": run_id, "started_at": clock.now(), "as_of": as_of}
        values = row | {"started_by": started_by, "detail": detail()}
        connection.execute(sa.insert(runs).values(number=_next_number(), **values))
        return int(connection.execute(known).scalar_one())


def end(state: State, run_id: str, outcome: Outcome, exit_code: int | None, **columns: Any) -> bool:
    """Record how a run that began has ended; `columns` are further columns of its row.

    False, and nothing changes, where it has ended before: Dagster may open a run once more to
    show it.
    """
    ended = {"finished_at": clock.now(), "outcome": outcome, "exit_code": exit_code}
    with state.begin() as connection:
        update = sa.update(runs).where(_is_open(run_id)).values(**ended, **columns)
        return connection.execute(update).rowcount > 0


def end_killed(state: State) -> int:
    """Under the run lock: what has begun and not ended was killed; how many those were."""
    with state.begin() as connection:
        update = (
            sa.update(runs)
            .where(runs.c.outcome.is_(None))
            .values(finished_at=clock.now(), outcome="killed")
        )
        return connection.execute(update).rowcount


def record_ended(
    state: Database, run_id: str, started_by: str, outcome: Outcome, exit_code: int | None
) -> None:
    """Record a run that has no row yet or none with an outcome, without opening the state.

    Raises NotRecorded where the state cannot be written to as it is: it is not upgraded here.
    """
    now = clock.now()
    ended = {"finished_at": now, "outcome": outcome, "exit_code": exit_code}
    row = {"run_id": run_id, "started_at": now, "as_of": clock.day(), "started_by": started_by}
    try:
        with state.written() as connection:
            known = connection.execute(sa.select(runs.c.number).where(runs.c.run_id == run_id))
            if known.first() is None:
                values = {"detail": detail(), **row, **ended}
                connection.execute(sa.insert(runs).values(number=_next_number(), **values))
            else:
                connection.execute(sa.update(runs).where(_is_open(run_id)).values(**ended))
    except (sa.exc.SQLAlchemyError, SightlineError) as fault:
        raise NotRecorded(type(fault).__name__) from fault


def detail(**known: Any) -> Row:
    """What a row says of a run besides its columns; what is not known is empty."""
    return {"fingerprint": {}, "left": {}, "gates": [], "steps": []} | known


def find(state: State, run_id: str) -> Row | None:
    """The record of a run by its id."""
    return _first(state, sa.select(runs).where(runs.c.run_id == run_id))


def newest(state: State) -> Row | None:
    """The record of the run that began last."""
    return _first(state, sa.select(runs).order_by(runs.c.number.desc()))


def last_built(state: State) -> Row | None:
    """The newest run whose release, new or found unchanged, readers see."""
    query = sa.select(runs).where(runs.c.outcome.in_(BUILT)).order_by(runs.c.number.desc())
    return _first(state, query)


def of_release(state: State, release_id: str) -> list[Row]:
    """The records of the runs that made a release or found it unchanged."""
    query = sa.select(runs).where(runs.c.release_id == release_id)
    with state.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def newest_judged(run: Row | None) -> int:
    """The last submission that this run has judged, by the fingerprint in its record; 0 if none."""
    fingerprint = ((run or {}).get("detail") or {}).get("fingerprint") or {}
    rows = fingerprint.get("submissions", [])
    return max((row[3] for row in rows), default=0)


def _first(state: State, query: "sa.Select[Any]") -> Row | None:
    with state.read() as connection:
        row = connection.execute(query.limit(1)).mappings().first()
    return dict(row) if row else None


def _is_open(run_id: str) -> "sa.ColumnElement[bool]":
    return sa.and_(runs.c.run_id == run_id, runs.c.outcome.is_(None))


def _next_number() -> Any:
    return sa.select(sa.func.coalesce(sa.func.max(runs.c.number), 0) + 1).scalar_subquery()
