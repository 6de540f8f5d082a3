"""Every attempt at a run, as the state remembers it: numbered as it begins, completed as it ends.

A row without an outcome is a run that goes on, or that was killed: whoever next holds the lock
tells the two apart, since only its holder begins a run.
"""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa

from orchestration import stopping
from warehouse import clock
from warehouse.belonging import NotTogether, StateDamaged
from warehouse.errors import SightlineError
from warehouse.home import Home
from warehouse.ledger.state import State, runs

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
COMMAND_LINE = "command line"
BY_SCHEDULE, BY_SENSOR, BY_TAG = "dagster/schedule_name", "dagster/sensor_name", "started_by"
OF_EXIT_CODE: dict[int, Outcome] = {3: "configuration", 6: "busy", 8: "key"}
UNEXPECTED = 1
# A worker imports everything and reads the models before it begins: minutes on a small machine.
START_TIMEOUT = 300

log = logging.getLogger("sightline")


def started_by(tags: Mapping[str, str]) -> str:
    """Who started a run of Dagster's, from its tags."""
    if BY_SCHEDULE in tags:
        return "schedule"
    if BY_SENSOR in tags:
        return "inbox"
    return tags.get(BY_TAG, "pages")


def begin(state: State, run_id: str, as_of: date, by: str) -> int:
    """The number of this attempt, which begins now unless it has begun before."""
    with state.begin() as connection:
        found = connection.execute(sa.select(runs.c.number).where(runs.c.run_id == run_id)).first()
        if found is not None:
            return int(found.number)
        row = {"run_id": run_id, "started_at": clock.now(), "as_of": as_of, "started_by": by}
        connection.execute(sa.insert(runs).values(number=_next(), detail=detail(), **row))
        query = sa.select(runs.c.number).where(runs.c.run_id == run_id)
        return int(connection.execute(query).scalar_one())


def end(state: State, run_id: str, outcome: Outcome, exit_code: int | None, **rest: Any) -> bool:
    """How an attempt that began has ended; `rest` are further columns of its row.

    False, and nothing changes, where it has ended before: Dagster may open a run once more to
    show it.
    """
    ended = {"finished_at": clock.now(), "outcome": outcome, "exit_code": exit_code}
    with state.begin() as connection:
        open_row = sa.and_(runs.c.run_id == run_id, runs.c.outcome.is_(None))
        changed = connection.execute(sa.update(runs).where(open_row).values(**ended, **rest))
        return changed.rowcount > 0


def settle(state: State) -> int:
    """Under the lock: what has begun and not ended was killed; how many those were."""
    with state.begin() as connection:
        killed = (
            sa.update(runs)
            .where(runs.c.outcome.is_(None))
            .values(finished_at=clock.now(), outcome="killed")
        )
        return connection.execute(killed).rowcount


@contextmanager
def noted(home: Home, run_id: str, by: str) -> Iterator[None]:
    """An attempt that ends by a fault is recorded, however early that is."""
    try:
        yield
    except (NotTogether, StateDamaged):
        # Written to, an older ledger would soon have the numbers of the one that is lost.
        raise
    except SightlineError as fault:
        note(home, run_id, by, OF_EXIT_CODE.get(fault.exit_code, "failed"), fault.exit_code)
        raise
    except Exception:
        note(home, run_id, by, "failed", UNEXPECTED)
        raise
    except BaseException:
        note(home, run_id, by, "killed", stopping.code())
        raise


def note(home: Home, run_id: str, by: str, outcome: Outcome, exit_code: int | None) -> None:
    """Record an attempt that has no row yet or none with an outcome, beside whatever goes on.

    A state that is damaged or of an older layout is not written to; then only the log says so.
    """
    now = clock.now()
    ended = {"finished_at": now, "outcome": outcome, "exit_code": exit_code}
    row = {"run_id": run_id, "started_at": now, "as_of": clock.day(), "started_by": by}
    path = f"file:{quote(str(home.state_db))}?mode=rw"
    engine = sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(path, uri=True, timeout=30)
    )
    is_open = sa.and_(runs.c.run_id == run_id, runs.c.outcome.is_(None))
    try:
        with engine.begin() as connection:
            known = connection.execute(sa.select(runs.c.number).where(runs.c.run_id == run_id))
            if known.first() is None:
                new = sa.insert(runs).values(number=_next(), detail=detail(), **row, **ended)
                connection.execute(new)
            else:
                connection.execute(sa.update(runs).where(is_open).values(**ended))
    except sa.exc.SQLAlchemyError as fault:
        kind = type(fault).__name__
        log.warning("the attempt ended as %s, which could not be recorded: %s", outcome, kind)
    finally:
        engine.dispose()


def detail(**known: Any) -> dict[str, Any]:
    """What a row tells of a run besides its columns; what is not known is empty."""
    return {"fingerprint": {}, "left": {}, "gates": [], "steps": []} | known


def _next() -> Any:
    return sa.select(sa.func.coalesce(sa.func.max(runs.c.number), 0) + 1).scalar_subquery()
