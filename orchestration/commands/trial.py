"""Commands that need no data of anybody's own: the demo and the simulation behind it."""

import time
from datetime import datetime
from pathlib import Path

import click

from sightline.orchestration.console import say

folder_type = click.Path(path_type=Path, file_okay=False)


@click.command("demo")
@click.argument("folder", type=folder_type, default=Path("sightline-demo"))
@click.option("--quick", is_flag=True, help="24 authorities and 48 months, in about a minute.")
@click.option("--again", is_flag=True, help="Replace an earlier demo in this folder.")
def demo(folder: Path, quick: bool, again: bool) -> int:
    """Simulate a national set of extracts, run everything and say what was found.

    Example: sightline demo --quick
    """
    from sightline.orchestration import demo, pipeline, run_report
    from sightline.warehouse import home as homes

    started = time.perf_counter()
    if demo.prepared(folder, is_again=again):
        home = demo.made(folder, is_quick=quick)
    else:
        home = homes.find(folder)
    seconds = time.perf_counter() - started
    report = pipeline.run(home)
    told = (
        run_report.outcome(home, report) if report.is_broken else demo.story(home, report, seconds)
    )
    for line in told:
        say(line)
    return demo.exit_code(home, report)


@click.command("simulate")
@click.argument("folder", type=folder_type)
@click.option("--months", default=60, show_default=True, help="How long a history.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-09-30",
    show_default=True,
    help="The last day of the history.",
)
@click.option("--areas", type=int, help="How many authorities; all 153 if not given.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same files.")
@click.option(
    "--scenario",
    type=click.Choice(["default", "calm"]),
    default="default",
    show_default=True,
    help="calm plants nothing.",
)
def simulate(
    folder: Path, months: int, until: datetime, areas: int | None, seed: int, scenario: str
) -> int:
    """Only write the extracts, as authorities would send them, under FOLDER/inbox.

    Example: sightline simulate trial --areas 6 --months 30
    """
    from sightline.simulation.national import simulate

    truth = simulate(
        folder / "inbox",
        months=months,
        until=until.date(),
        areas=areas,
        seed=seed,
        scenario=scenario,
    )
    path = truth.save(folder / "truth.json")
    say(f"{len(truth.la_codes)} authorities, {truth.start} to {truth.until}: {folder / 'inbox'}")
    for name, rows in truth.totals.items():
        say(f"  {rows:,} {name}")
    say(f"What was planted: {path}")
    return 0


COMMANDS = (demo, simulate)
