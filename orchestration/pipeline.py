"""One run from the command line: the job that Dagster's pages start, in this process.

Neither Dagster nor dbt is imported when there is nothing to do.
"""

import time
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final
from uuid import uuid4

from sightline.monitoring.delivery import relay
from sightline.orchestration import attempts, health, pending, retention, stop_signals
from sightline.orchestration.attempts import BY_TAG, COMMAND_LINE
from sightline.orchestration.configuration import checked
from sightline.orchestration.run import UNDELIVERED, Step, ready
from sightline.warehouse import clock
from sightline.warehouse.errors import MachineFault, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger.state import State
from sightline.warehouse.machine import check_room
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import Settings, today

NOTHING: Final = "nothing"


@dataclass(frozen=True)
class RunReport:
    outcome: str
    as_of: date
    release_id: str | None
    seconds: float
    fault: str | None = None
    gates: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    exit_code: int = 0

    def found(self, step: str, name: str) -> Any:
        return next((done.found.get(name, 0) for done in self.steps if done.name == step), 0)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_broken(self) -> bool:
        """Whether nothing could be published."""
        return bool(self.gates) or self.outcome == "failed"


def run(home: Home, *, as_of: date | None = None) -> RunReport:
    """Take in all that is pending, rebuild, check, publish and deliver, or find nothing to do."""
    started = time.perf_counter()
    run_id = str(uuid4())
    with health.beating(home), attempts.recorded(home, run_id, COMMAND_LINE):
        settings = checked(home)
        now = today(settings)
        with ready(home) as state:
            is_history = as_of is not None and as_of != now
            if not is_history and not pending.reasons(home, state, now):
                return _nothing(home, state, settings, run_id, started)
            check_room(home, settings)
            known_on = as_of if is_history else None
            runs.begin(state, run_id, known_on or now, COMMAND_LINE)
            fault = _execute(home, run_id, known_on)
            record = runs.find(state, run_id)
            if record is None or record["outcome"] is None:
                raise SightlineError(f"the run did not start: {fault}")
    return RunReport(
        record["outcome"],
        record["as_of"],
        record["release_id"],
        time.perf_counter() - started,
        fault,
        record["detail"]["gates"],
        [Step(**step) for step in record["detail"]["steps"]],
        record["exit_code"],
    )


def finds_nothing(home: Home, state: State, settings: Settings, run_id: str, by: str) -> bool:
    """Whether there is nothing to do; such an attempt is recorded, and what was kept for long
    enough goes."""
    if pending.reasons(home, state, today(settings)):
        return False
    _rest(home, state, settings, run_id, by)
    return True


def _nothing(
    home: Home, state: State, settings: Settings, run_id: str, started: float
) -> RunReport:
    """Messages that wait are sent all the same."""
    sent = relay.deliver(home, settings, state, clock.now()).as_found()
    code = UNDELIVERED if sent["undelivered"] else 0
    _rest(home, state, settings, run_id, COMMAND_LINE, code)
    seconds = time.perf_counter() - started
    steps = [Step("delivery", found=sent)]
    return RunReport(NOTHING, today(settings), _shown(home), seconds, steps=steps, exit_code=code)


def _rest(
    home: Home, state: State, settings: Settings, run_id: str, by: str, exit_code: int = 0
) -> None:
    runs.begin(state, run_id, today(settings), by)
    retention.between_runs(home, state, settings)
    runs.end(state, run_id, NOTHING, exit_code, release_id=_shown(home))


def _shown(home: Home) -> str | None:
    shown = releases.current(home)
    return shown.release_id if shown else None


def _execute(home: Home, run_id: str, as_of: date | None) -> str | None:
    """Run the job here and now; what went wrong, if something did."""
    from sightline.orchestration import dagster_home

    with dagster_home.ready(home) as instance:
        from sightline.orchestration.definitions import definitions

        job = definitions().resolve_job_def("refresh")
        config = {"as_of": as_of.isoformat()} if as_of else {}
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_id=run_id,
            tags={BY_TAG: COMMAND_LINE},
            run_config={"resources": {"monitor": {"config": config}}},
        )
        if stop_signals.asked():
            raise stop_signals.Stopped
        failures = [event for event in result.all_events if event.is_step_failure]
        return _first(failures)


def _first(failures: list[Any]) -> str | None:
    """Where it went wrong and what kind of fault; its text may quote data, so it stays inside.

    What the machine lacks is said in our own words.
    """
    if not failures:
        return None
    error = failures[0].step_failure_data.error
    cause = error.cause or error
    text = cause.cls_name
    if text == MachineFault.__name__:
        text = cause.message.partition(": ")[2].strip()
    return f"step {failures[0].step_key}: {text}"
