"""One run from the command line: the job that Dagster's pages start, in this process.

Neither Dagster nor dbt is imported when there is nothing to do.
"""

import time
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from orchestration import pending
from orchestration.run import Step, ready, record_of
from warehouse import releases
from warehouse.errors import MachineFault, SightlineError
from warehouse.home import Home
from warehouse.settings import load_settings, today

NOTHING = "nothing to do"
FAULT, REFUSED, GATE, UNDELIVERED = 1, 4, 5, 7


@dataclass(frozen=True)
class RunReport:
    outcome: str
    as_of: date
    release_id: str | None
    seconds: float
    fault: str | None = None
    gates: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def found(self, step: str, name: str) -> Any:
        return next((one.found.get(name, 0) for one in self.steps if one.name == step), 0)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"exit_code": self.exit_code}

    @property
    def is_broken(self) -> bool:
        """Whether nothing could be published."""
        return bool(self.gates) or self.outcome == "failed"

    @property
    def exit_code(self) -> int:
        if self.gates:
            return GATE
        if self.outcome == "failed":
            return FAULT
        if self.found("delivery", "undelivered"):
            return UNDELIVERED
        refused = [self.found("intake", name) for name in ("refused", "rows refused")]
        held = [self.found(step, "held back") for step in ("vital signs", "models")]
        return REFUSED if any(refused + held) else 0


def run(home: Home, *, as_of: date | None = None) -> RunReport:
    """Take in all that is pending, rebuild, check, publish and deliver, or find nothing to do."""
    started = time.perf_counter()
    now = today(load_settings(home))
    with ready(home) as state:
        is_history = as_of is not None and as_of != now
        if not is_history and not pending.reasons(home, state, now):
            shown = releases.current(home)
            release_id = shown.release_id if shown else None
            return RunReport(NOTHING, now, release_id, time.perf_counter() - started)
        run_id, fault = _execute(home, as_of if is_history else None)
        record = record_of(state, run_id)
    if record is None:
        raise SightlineError(f"the run did not start: {fault}")
    detail = record["detail"]
    return RunReport(
        record["outcome"],
        record["as_of"],
        record["release_id"],
        time.perf_counter() - started,
        fault,
        detail["gates"],
        [Step(**step) for step in detail["steps"]],
    )


def _execute(home: Home, as_of: date | None) -> tuple[str, str | None]:
    """Run the job here and now; its id, and what went wrong if something did."""
    from orchestration import dagster_home

    with dagster_home.instance(home) as instance:
        from orchestration.definitions import definitions

        job = definitions().resolve_job_def("refresh")
        config = {"as_of": as_of.isoformat()} if as_of else {}
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={
                "resources": {"monitor": {"config": config}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )
        failures = [event for event in result.all_events if event.is_step_failure]
        return result.run_id, _first(failures)


def _first(failures: list[Any]) -> str | None:
    """Where it went wrong and what kind of fault; its text may quote data, so it stays inside.

    What the machine lacks is said in our own words.
    """
    if not failures:
        return None
    error = failures[0].step_failure_data.error
    cause = error.cause or error
    told = cause.cls_name
    if told == MachineFault.__name__:
        told = cause.message.partition(": ")[2].strip()
    return f"step {failures[0].step_key}: {told}"
