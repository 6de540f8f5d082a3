"""Post a message when runs fail: once, until a run ends well again."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from monitoring.messages import RunFailed
from monitoring.outbox import identifier, post
from warehouse.ledger import state as tables
from warehouse.ledger.state import FAILED, GOOD, State
from warehouse.settings import Settings


def tell(state: State, settings: Settings, today: date) -> int:
    """Post a message where runs have begun to fail; how many rows of the outbox are new.

    A run that somebody stopped is no failure: whoever stopped it knows.
    """
    with state.read() as connection:
        if not _failed(connection, _last_good(connection)):
            return 0
    with state.begin() as connection:
        good = _last_good(connection)
        failed = _failed(connection, good)
        message = _message(connection, failed[0], settings, good.run_id if good else "")
        return post(connection, [message], settings, today)


def _last_good(connection: sa.Connection) -> Any:
    runs = tables.runs
    query = sa.select(runs).where(runs.c.outcome.in_(GOOD)).order_by(runs.c.number.desc())
    return connection.execute(query.limit(1)).first()


def _failed(connection: sa.Connection, good: Any) -> Sequence[Any]:
    """The runs that failed since the last good one, oldest first."""
    runs = tables.runs
    is_stopped = sa.and_(runs.c.outcome == "killed", runs.c.exit_code.is_not(None))
    query = (
        sa.select(runs)
        .where(runs.c.number > (good.number if good else 0))
        .where(runs.c.outcome.in_(FAILED), sa.not_(is_stopped))
        .order_by(runs.c.number)
    )
    return connection.execute(query).all()


def _message(
    connection: sa.Connection, run: Any, settings: Settings, good_run_id: str
) -> RunFailed:
    releases, submissions = tables.releases, tables.submissions
    shown = sa.select(releases.c.release_id).where(releases.c.is_current)
    simulated = sa.select(sa.exists().where(submissions.c.simulated))
    gates = (run.detail or {}).get("gates", [])
    return RunFailed(
        # The last good run names all failures after it, also one that is found out later.
        message_id=identifier("run_failed", settings.name, good_run_id),
        monitor=settings.name,
        release_id=connection.execute(shown).scalar() or "",
        as_of=run.as_of,
        is_simulated=bool(connection.execute(simulated).scalar()),
        run=run.number,
        outcome=run.outcome,
        exit_code=run.exit_code,
        started_by=run.started_by or "",
        # What follows a gate's name may hold names of files.
        gates=tuple(gate.partition(";")[0] for gate in gates),
    )
