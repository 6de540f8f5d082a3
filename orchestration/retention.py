"""Retention, run or no run: nothing is kept longer than the settings say, nor by Dagster."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sightline.orchestration import dagster_storage
from sightline.orchestration.logs import log
from sightline.warehouse.erasure import retention as policy
from sightline.warehouse.erasure.retention import Due, months_before
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Settings, today

if TYPE_CHECKING:
    from dagster import DagsterInstance


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
    return Kept(**vars(policy.due(home, state, settings)), dagster_runs=old)


def retain(home: Home, state: State, settings: Settings) -> Kept:
    """Remove what is past its time, of Dagster's too."""
    gone: list[str] = []
    try:
        with _dagster(home) as instance:
            for run_id in _old(instance, settings):
                dagster_storage.delete_run(home, instance, run_id)
                gone.append(run_id)
    except dagster_storage.StorageFault as fault:
        # A log of runs: no reason for a run to fail, and there is a next time.
        log.warning("Dagster's old runs could not be removed: %s", type(fault).__name__)
    kept = Kept(**vars(policy.apply(home, state, settings)), dagster_runs=gone)
    policy.record_applied(state, today(settings))
    return kept


def between_runs(home: Home, state: State, settings: Settings) -> None:
    """Once a day, when there is nothing to run: what Dagster keeps waits for a run or a command."""
    for leftover in home.work.glob("*"):
        leftover.unlink()
    if policy.last_applied(state) != today(settings):
        policy.apply(home, state, settings)
        policy.record_applied(state, today(settings))


@contextmanager
def _dagster(home: Home) -> "Iterator[DagsterInstance]":
    from sightline.orchestration import dagster_home

    with dagster_home.instance(home) as instance:
        yield instance


def _old(instance: "DagsterInstance", settings: Settings) -> list[str]:
    from dagster import RunsFilter
    from dagster._core.storage.dagster_run import FINISHED_STATUSES

    first = months_before(today(settings), settings.retention.logs_months)
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    # Never the run that is going on, whatever `today` says.
    old = RunsFilter(created_before=moment, statuses=FINISHED_STATUSES)
    return sorted(instance.get_run_ids(old))
