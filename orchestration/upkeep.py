"""What is done whether or not there is news: keep no longer than said, send what waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orchestration.logs import log
from warehouse.erasure import retention
from warehouse.erasure.retention import Due, months_before
from warehouse.home import Home
from warehouse.ledger.state import State
from warehouse.ledger.state import settings as kept_settings
from warehouse.settings import Settings, today

if TYPE_CHECKING:
    from dagster import DagsterInstance

LAST_RETAINED = "retention"


@dataclass
class Kept(Due):
    """Also runs as Dagster keeps them, by their ids."""

    dagster_runs: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return super().count + len(self.dagster_runs)


def due(home: Home, state: State, settings: Settings) -> Kept:
    """What is past its time; nothing is touched."""
    with _dagster(home) as instance:
        old = _old(instance, settings)
    return Kept(**vars(retention.due(home, state, settings)), dagster_runs=old)


def retain(home: Home, state: State, settings: Settings) -> Kept:
    """Remove what is past its time, of Dagster's too."""
    gone: list[str] = []
    try:
        with _dagster(home) as instance:
            for run_id in _old(instance, settings):
                _delete(home, instance, run_id)
                gone.append(run_id)
    except sa.exc.SQLAlchemyError as fault:
        # A log of runs: no reason for a run to fail, and there is a next time.
        log.warning("Dagster's old runs could not be removed: %s", type(fault).__name__)
    found = Kept(**vars(retention.apply(home, state, settings)), dagster_runs=gone)
    _note(state, today(settings))
    return found


def between_runs(home: Home, state: State, settings: Settings) -> None:
    """Once a day, when there is nothing to run: what Dagster keeps waits for a run or a command."""
    for leftover in home.work.glob("*"):
        leftover.unlink()
    if _noted(state) != today(settings):
        retention.apply(home, state, settings)
        _note(state, today(settings))


@contextmanager
def _dagster(home: Home) -> "Iterator[DagsterInstance]":
    from orchestration import dagster_home

    with dagster_home.instance(home) as instance:
        yield instance


def _delete(home: Home, instance: "DagsterInstance", run_id: str) -> None:
    from dagster._core.storage.event_log import SqlEventLogStorage
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks

    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    # Dagster leaves the results of checks, and the emptied file of the run's events.
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(Checks.delete().where(Checks.c.run_id == run_id))
    for path in (home.dagster / "history" / "runs").glob(f"{run_id}.db*"):
        path.unlink()


def _old(instance: "DagsterInstance", settings: Settings) -> list[str]:
    from dagster import RunsFilter
    from dagster._core.storage.dagster_run import FINISHED_STATUSES

    first = months_before(today(settings), settings.retention.logs_months)
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    # Never the run that is going on, whatever `today` says.
    old = RunsFilter(created_before=moment, statuses=FINISHED_STATUSES)
    return sorted(instance.get_run_ids(old))


def _noted(state: State) -> date | None:
    query = sa.select(kept_settings.c.value).where(kept_settings.c.name == LAST_RETAINED)
    with state.read() as connection:
        noted = connection.scalar(query)
    return date.fromisoformat(noted) if noted else None


def _note(state: State, on: date) -> None:
    with state.begin() as connection:
        connection.execute(sa.delete(kept_settings).where(kept_settings.c.name == LAST_RETAINED))
        connection.execute(
            sa.insert(kept_settings).values(name=LAST_RETAINED, value=on.isoformat())
        )
