"""Commands that run a monitor: make one, run it, see what came and how it stands."""

import shlex
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import (
    any_home_option,
    as_json,
    home_option,
    json_option,
    say,
    state_of,
)

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

UNHEALTHY = 1


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> int:
    """Make a new monitor: its folders, its key and its settings.

    Example: sightline init mymonitor
    """
    from sightline.warehouse import home as homes

    made = homes.create(folder)
    say(f"A monitor is ready in {made.root}")
    say(f"Put what authorities send into {made.inbox}/<three-digit authority code>/,")
    say(f"published series with their manifest into {made.inbox}/published/, then:")
    say(f"  sightline run --home {shlex.quote(homes.readable(folder))}")
    say(f"Keep {made.key} safe: without it no later file can be linked to earlier ones.")
    return 0


@click.command("run")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Rebuild what was known on this day."
)
@click.option("--dry-run", is_flag=True, help="Say what a run would do, and do nothing.")
@json_option
@home_option
def run(home: "Home", as_of: datetime | None, dry_run: bool, is_json: bool) -> int:
    """Take in all that is pending, rebuild, check, detect, publish and deliver.

    Example: sightline run --home mymonitor
    """
    from sightline.orchestration import pipeline, run_report

    if dry_run:
        return _say_what_waits(home, is_json)
    report = pipeline.run(home, as_of=as_of.date() if as_of else None)
    if is_json:
        as_json(report.as_dict())
    else:
        for line in run_report.outcome(home, report):
            say(line)
    return report.exit_code


def _say_what_waits(home: "Home", is_json: bool) -> int:
    from sightline.orchestration import pending
    from sightline.orchestration.configuration import checked
    from sightline.warehouse.ledger import runs
    from sightline.warehouse.settings import today

    settings = checked(home)
    with state_of(home) as state:
        reasons = pending.reasons(home, state, today(settings))
        waiting = pending.new_in_inbox(home, runs.last_built(state))
    if is_json:
        as_json({"reasons": reasons, "waiting": waiting})
        return 0
    say("; ".join(reasons).capitalize() if reasons else "Nothing to do.")
    for name in waiting:
        say(f"  {name}")
    return 0


@click.command("status")
@json_option
@home_option
def status(home: "Home", is_json: bool) -> int:
    """Submissions received, due, late and refused; the last run and release; what is undelivered.

    Example: sightline status --json
    """
    from sightline.orchestration import status as standing

    with state_of(home) as state:
        found = standing.status(home, state)
    if is_json:
        as_json(found)
        return 0
    for name, value in found.items():
        if isinstance(value, dict):
            value = ", ".join(f"{count:,} {what}" for what, count in value.items()) or "none"
        if isinstance(value, list):
            say(f"{name}:")
            for line in value:
                say(f"  {line}")
        else:
            say(f"{name}: {value}")
    return 0


@click.command("health")
@click.option("--max-age-days", type=click.IntRange(min=1), help="Instead of that in the settings.")
@json_option
@any_home_option
def health(home: "Home", max_age_days: int | None, is_json: bool) -> int:
    """For a watchdog: exit code 0 when all is well, 1 and a line for each rule that does not hold.

    It changes nothing but heartbeat.json, which says the same to whoever may read only that.

    Example: sightline health --json
    """
    from sightline.orchestration import health

    faults = health.examine(home, max_age_days)
    health.beat(home, faults)
    if is_json:
        as_json({"healthy": not faults, "faults": [asdict(fault) for fault in faults]})
    else:
        say("\n".join(f"{fault.rule}: {fault.message}" for fault in faults) or "healthy")
    return UNHEALTHY if faults else 0


@click.group("clock")
def clock() -> None:
    """When the clock of this machine was wrong.

    Example: sightline clock confirm --reason "the clock had been a year ahead"
    """


@clock.command("confirm")
@reason_option
@home_option
def confirm(home: "Home", reason: str) -> int:
    """Say that today is right, though something was recorded on a later day; it counts as today.

    Example: sightline clock confirm --reason "the clock had been a year ahead"
    """
    from sightline.orchestration.configuration import checked
    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse.ledger import clock_marks
    from sightline.warehouse.settings import today

    settings = checked(home)
    with held(home.restricted / RUN_LOCK), state_of(home) as state:
        changed = clock_marks.confirm(state, settings, reason)
    say(f"Today is {today(settings)}; {changed:,} days in the records were later, and count as it.")
    return 0


COMMANDS = (init, run, status, health, clock)
