"""What every asset works with: the monitor's folder and the run that is going on in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from sightline.orchestration import attempts, health, logs, orphaned_runs
from sightline.orchestration.run import Run, opened
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

WENT_WRONG = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
}


def home_in_use() -> Home:
    """The folder named by SIGHTLINE_HOME, or else the current one."""
    return homes.find(Path(os.environ.get("SIGHTLINE_HOME", ".")))


class Monitor(dg.ConfigurableResource):  # type: ignore[type-arg]  # it gives itself
    """Holds the lock from a run's first step to its last, however the run was started."""

    as_of: str | None = None
    _run: Run = PrivateAttr()

    @property
    def run(self) -> Run:
        return self._run

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Monitor"]:
        logs.begin()
        as_of = date.fromisoformat(self.as_of) if self.as_of else None
        home, known = home_in_use(), context.run
        if known is None or context.instance is None:
            raise dg.DagsterInvariantViolationError("an asset is made in a run of Dagster's")
        by = attempts.started_by(known.tags)
        with (
            health.beating(home),
            attempts.recorded(home, known.run_id, by),
            opened(home, known.run_id, by, as_of=as_of) as run,
        ):
            orphaned_runs.settle(context.instance, home, mine=run.run_id)
            self._run = run
            yield self
            if context.instance.all_logs(run.run_id, WENT_WRONG):
                run.fail()
