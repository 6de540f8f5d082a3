"""When runs start: the job, its schedule, the watch on the inbox and what follows a failed run."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import dagster as dg

from sightline.orchestration import (
    attempts,
    failed_runs,
    health,
    inbox,
    orphaned_runs,
    pending,
    pipeline,
)
from sightline.orchestration.configuration import checked
from sightline.orchestration.lock import RUN_LOCK, holder
from sightline.orchestration.resources import Monitor, home_in_use
from sightline.orchestration.run import ready
from sightline.warehouse import clock
from sightline.warehouse.errors import Busy, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger.runs import Outcome
from sightline.warehouse.ledger.state import state_of
from sightline.warehouse.settings import EVERY_MORNING, load_settings, today

# A run that failed is asked for again after a minute, two, four and so on.
MOST_MINUTES_BETWEEN = 240
NOT_BEGUN = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]
GOING_ON = [*NOT_BEGUN, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
RUN_KEY = "dagster/run_key"

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Take in all that is pending, rebuild, check, detect, publish and deliver.",
)


def every_morning(cron: str) -> dg.ScheduleDefinition:
    """Asks for a run at the times that the settings name, when it would find something to do."""

    @dg.schedule(
        name="every_morning",
        job=refresh,
        cron_schedule=cron,
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def asked(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs(dg.RunsFilter(statuses=NOT_BEGUN), limit=1):
            return dg.SkipReason("A run is waiting to start, and takes all that is pending.")
        if _finds_nothing(home_in_use()):
            return dg.SkipReason("Nothing has changed since the last release.")
        return dg.RunRequest()

    return asked


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def inbox_has_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Asks for one run when the inbox holds files that no longer change, and again, ever more
    seldom, when that run did not come to its end."""
    home, known = home_in_use(), json.loads(context.cursor or "{}")
    last = _asked(known)
    if context.instance.get_runs(dg.RunsFilter(statuses=GOING_ON), limit=1):
        return dg.SkipReason("A run is going on or waiting to start.")
    if holder(home.restricted / RUN_LOCK) is not None:
        return dg.SkipReason("A run is going on, started from the command line.")
    mark = _mark(home)
    if last and mark in (None, last["mark"]) and _did_not_happen(context.instance, last, home):
        pause = _pause(last["attempt"])
        due = datetime.fromisoformat(last["at"]) + pause
        # No pause is longer: else the clock was ahead when this was written.
        if clock.now() < due <= clock.now() + pause:
            return dg.SkipReason(f"The last run failed; the next is due at {due:%H:%M} UTC.")
        return _ask(known, last["mark"], last["attempt"] + 1)
    if mark is None:
        return dg.SkipReason("Nothing new is in the inbox.")
    if last and mark == last["mark"]:
        return dg.SkipReason("A run has been asked for.")
    if mark != known.get("seen"):
        return dg.SensorResult(
            skip_reason="Files are arriving.", cursor=json.dumps(known | {"seen": mark})
        )
    return _ask(known, mark, 1)


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def a_run_failed(context: dg.RunFailureSensorContext) -> None:
    """Says so in the log and by message, and records a run that failed before it could do so
    itself."""
    home, run = home_in_use(), context.dagster_run
    outcome, code = _why_it_failed(home, context.instance, run)
    attempts.record(home, run.run_id, attempts.started_by(run.tags), outcome, code)
    failed_runs.tell(home)
    health.beat(home)
    context.log.error("run %s failed; the former release stays current", run.run_id)


@dg.definitions
def automation() -> dg.Definitions:
    try:
        cron = checked(home_in_use()).schedule
    except SightlineError:
        cron = EVERY_MORNING  # each attempt says what is wrong with the settings
    return dg.Definitions(
        jobs=[refresh],
        schedules=[every_morning(cron)],
        sensors=[inbox_has_files, a_run_failed],
        resources={"monitor": Monitor()},
        executor=dg.in_process_executor,
    )


def _finds_nothing(home: Home) -> bool:
    """Whether a run now would find nothing to do, which is recorded as an attempt."""
    run_id = str(uuid4())
    try:
        with health.beating(home), attempts.recorded(home, run_id, "schedule"):
            settings = checked(home)
            with ready(home) as state:
                return pipeline.finds_nothing(home, state, settings, run_id, "schedule")
    except Busy:
        return False


def _why_it_failed(
    home: Home, instance: dg.DagsterInstance, run: dg.DagsterRun
) -> tuple[Outcome, int | None]:
    """Of a run that did not say so itself: it was killed, or could not even begin."""
    with state_of(home) as state:
        if runs.find(state, run.run_id) or orphaned_runs.was_killed(instance, run):
            return "killed", None
    try:
        checked(home)
    except SightlineError as fault:
        return attempts.OF_EXIT_CODE.get(fault.exit_code, "failed"), fault.exit_code
    return "failed", attempts.UNEXPECTED


def _mark(home: Home) -> str | None:
    """One mark for what is new in the inbox, or None when nothing is."""
    with state_of(home) as state:
        new = set(pending.new_in_inbox(home, runs.last_built(state)))
    return inbox.fingerprint(home.inbox, new) if new else None


def _asked(known: dict[str, Any]) -> dict[str, Any] | None:
    """The run that was asked for last: for what, in which attempt, when and by which key."""
    found = known.get("asked")
    return found if isinstance(found, dict) else None


def _ask(known: dict[str, Any], mark: str, attempt: int) -> dg.SensorResult:
    at = clock.now()
    key = f"{mark[:16]} {attempt} {at.isoformat(timespec='seconds')}"
    asked = {"mark": mark, "attempt": attempt, "at": at.isoformat(), "key": key}
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key)],
        cursor=json.dumps(known | {"seen": mark, "asked": asked}),
    )


def _pause(attempt: int) -> timedelta:
    return timedelta(minutes=min(2 ** (attempt - 1), MOST_MINUTES_BETWEEN))


def _did_not_happen(instance: dg.DagsterInstance, asked: dict[str, Any], home: Home) -> bool:
    """Whether what was asked for still has to be done: not when the run came to its end or a
    person stopped it, nor when another has done it since."""
    [*runs] = instance.get_runs(dg.RunsFilter(tags={RUN_KEY: asked["key"]}), limit=1)
    if runs and runs[0].status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED):
        return False
    with state_of(home) as state:
        return bool(pending.reasons(home, state, today(load_settings(home))))
