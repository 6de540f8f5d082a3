"""End runs that Dagster still shows as running though their process is gone."""

import os
from pathlib import Path
from typing import Any

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.events import EngineEventData

from sightline.orchestration import attempts, dagster_storage, lock
from sightline.orchestration.attempts import START_TIMEOUT
from sightline.warehouse import clock
from sightline.warehouse.home import Home

BEGINNING = (DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING)
GOING_ON = (DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING)
GONE = "The process of this run ended before the run did. Start it again, or wait for the next."
PROC = Path("/proc")


def settle(
    instance: DagsterInstance,
    home: Home,
    *,
    mine: str | None = None,
    nobody_starts: bool = False,
) -> list[str]:
    """Under the run lock: end each run without a process, but for `mine`; the ids of those.

    Whoever works holds the lock, so what goes on elsewhere has only begun, or is just ending: its
    process lives, or has not been made yet. `nobody_starts` says that none is being made.
    """
    settled = []
    # What another machine's daemon has started is for that machine to tell.
    is_kept_up_elsewhere = lock.holder(home.restricted / lock.UP_LOCK) == 0
    for run in instance.get_runs(RunsFilter(statuses=[*BEGINNING, *GOING_ON])):
        if run.run_id == mine:
            continue
        process = _process(instance, run)
        if process is not None and (is_kept_up_elsewhere or _lives(process, home)):
            continue
        by = attempts.started_by(run.tags)
        is_made = process is not None or by == attempts.COMMAND_LINE or nobody_starts
        may_begin = run.status in BEGINNING and not is_made
        if may_begin and abs(_seconds_since_launch(instance, run)) < START_TIMEOUT:
            continue
        if run.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, GONE)
        else:
            instance.report_run_failed(run, GONE)
        attempts.record(home, run.run_id, by, "killed", None)
        settled.append(run.run_id)
    return settled


def forget_the_future(instance: DagsterInstance) -> None:
    """Dagster waits for the last time that it wrote down, which may be years ahead when the clock
    was wrong: what is later than now is taken away. Nobody else may be asking for runs."""
    now = clock.stamp()
    dagster_storage.forget_ticks_after(instance, clock.now())
    for state in instance.all_instigator_state():
        data = state.instigator_data
        fields = data._asdict() if data is not None else {}
        times = {name: at for name, at in fields.items() if name.endswith("timestamp") and at}
        ahead: Any = {name: now for name, at in times.items() if at > now}
        if data is not None and ahead:
            instance.update_instigator_state(state.with_data(data._replace(**ahead)))


def was_killed(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Of a run that failed: its process began, and told of no fault."""
    is_told = any(data.error for data in _engine_events(instance, run))
    return _process(instance, run) is not None and not is_told


def _process(instance: DagsterInstance, run: DagsterRun) -> int | None:
    """The process that the daemon has made for a run; one of the command line names none."""
    pids: list[Any] = [data.metadata.get("pid") for data in _engine_events(instance, run)]
    return next((int(pid.value) for pid in reversed(pids) if pid), None)


def _engine_events(instance: DagsterInstance, run: DagsterRun) -> list[EngineEventData]:
    return [
        entry.dagster_event.engine_event_data
        for entry in instance.all_logs(run.run_id, DagsterEventType.ENGINE_EVENT)
        if entry.dagster_event is not None
    ]


def _lives(process: int, home: Home) -> bool:
    """Whether this number is still that of a process of ours, where the system tells."""
    if not PROC.is_dir():
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True
    try:
        environment = (PROC / str(process) / "environ").read_bytes()
    except OSError:
        return False
    return os.fsencode(f"SIGHTLINE_HOME={home.root}") in environment.split(b"\0")


def _seconds_since_launch(instance: DagsterInstance, run: DagsterRun) -> float:
    launched = instance.get_run_stats(run.run_id).launch_time
    if launched is None:
        record = instance.get_run_record_by_id(run.run_id)
        launched = record.create_timestamp.timestamp() if record else 0.0
    return clock.stamp() - launched
