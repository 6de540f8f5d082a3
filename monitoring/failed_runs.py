"""Post a message when runs fail: once, until a run ends well again."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from sightline.monitoring.facts import about, identifier
from sightline.monitoring.message_base import day
from sightline.monitoring.messages import RunFailed
from sightline.monitoring.notices import Trouble, Troubles
from sightline.monitoring.outbox import post
from sightline.warehouse.ledger import state as tables
from sightline.warehouse.ledger.state import FAILED, GOOD, State
from sightline.warehouse.settings import Settings

RUNS = "runs"


def tell(state: State, settings: Settings, today: date) -> int:
    """Post a message where runs have begun to fail; how many rows of the outbox are new.

    A run that somebody stopped is no failure: whoever stopped it knows.
    """
    with state.read() as connection:
        good = _last_good(connection)
        if not _failed(connection, good) and not _is_mended(connection, good):
            return 0
    with state.begin() as connection:
        good = _last_good(connection)
        failed = _failed(connection, good)
        if not failed:
            return post(connection, [_mended(connection, good, settings)], settings, today)
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


def _is_mended(connection: sa.Connection, good: Any) -> bool:
    """Whether it was told last that runs fail, and one has ended well since."""
    outbox = tables.outbox
    told = sa.select(outbox.c.kind, outbox.c.payload["run"].as_integer().label("run"))
    is_of_runs = sa.or_(
        outbox.c.kind == "run_failed",
        outbox.c.payload["changes"][0]["key"].as_string() == RUNS,
    )
    last = connection.execute(told.where(is_of_runs).order_by(outbox.c.number.desc())).first()
    return bool(good and last and last.kind == "run_failed" and last.run < good.number)


def _mended(connection: sa.Connection, good: Any, settings: Settings) -> Troubles:
    ended = Trouble(
        key=RUNS,
        is_over=True,
        title="runs that fail",
        said=(f"Run {good.number} of {day(good.as_of)} has ended well.",),
    )
    facts = about(connection, settings, good.as_of)
    message_id = identifier("run_well", settings.name, good.run_id)
    return Troubles(message_id=message_id, changes=(ended,), **facts)


def _message(
    connection: sa.Connection, run: Any, settings: Settings, good_run_id: str
) -> RunFailed:
    gates = (run.detail or {}).get("gates", [])
    facts = about(connection, settings, run.as_of)
    return RunFailed(
        # The last good run names all failures after it, also one that is found out later.
        message_id=identifier("run_failed", settings.name, good_run_id),
        **{**facts, "as_of": run.as_of},
        run=run.number,
        outcome=run.outcome,
        exit_code=run.exit_code,
        started_by=run.started_by or "",
        # What follows a gate's name may hold names of files.
        gates=tuple(gate.partition(";")[0] for gate in gates),
    )
