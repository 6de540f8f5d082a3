"""When runs start: the job, its schedule, the watch on the inbox and what follows a failed run."""

import json

import dagster as dg

from orchestration import inbox
from orchestration.resources import Monitor, home_in_use

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Take in all that is pending, rebuild, check, detect, publish and deliver.",
)

# Never between 01:00 and 02:00, which happens twice or not at all when the clocks change.
every_morning = dg.ScheduleDefinition(
    name="every_morning",
    job=refresh,
    cron_schedule="15 6 * * *",
    execution_timezone="Europe/London",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def inbox_has_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Asks for one run when the inbox holds files that no longer change."""
    seen = json.loads(context.cursor or "{}")
    now = inbox.fingerprint(home_in_use().inbox)
    if now is None:
        return dg.SkipReason("The inbox is empty.")
    if now == seen.get("asked"):
        return dg.SkipReason("A run has been asked for.")
    if now != seen.get("seen"):
        return dg.SensorResult(
            skip_reason="Files are arriving.", cursor=json.dumps(seen | {"seen": now})
        )
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=now)], cursor=json.dumps({"seen": now, "asked": now})
    )


@dg.run_failure_sensor(monitored_jobs=[refresh], default_status=dg.DefaultSensorStatus.RUNNING)
def a_run_failed(context: dg.RunFailureSensorContext) -> None:
    """Says so in the log; `sightline health` and the newest row of runs say the same."""
    context.log.error("run %s failed; the former release stays current", context.dagster_run.run_id)


@dg.definitions
def automation() -> dg.Definitions:
    return dg.Definitions(
        jobs=[refresh],
        schedules=[every_morning],
        sensors=[inbox_has_files, a_run_failed],
        resources={"monitor": Monitor()},
        executor=dg.in_process_executor,
    )
