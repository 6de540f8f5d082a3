"""Commands that look back: what would have been raised, and what would have been found."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from sightline.orchestration.console import as_json, home_option, json_option, progress, say, table

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

month = click.DateTime(["%Y-%m"])
CHANGES = ("as_of", "event", "severity", "period", "title")
RESULTS = (
    "indicator",
    "from",
    "change",
    "counts a month",
    "found in time",
    "delay",
    "marks / 100 years",
)


@click.command("replay")
@click.option("--from", "first", type=month, help="The first month; a year ago if not given.")
@click.option("--to", "last", type=month, help="The last month; this one if not given.")
@json_option
@home_option
def replay(home: "Home", first: datetime | None, last: datetime | None, is_json: bool) -> int:
    """What would have been raised each month, on the 21st, with only what was known then.

    Nothing is published, recorded or sent. Each month is built anew: on a national set that takes
    a minute or two.

    Example: sightline replay --from 2025-10 --to 2026-09
    """
    from sightline.orchestration import replay as replays
    from sightline.warehouse.settings import load_settings, today

    now = today(load_settings(home))
    start = first.date() if first else now.replace(year=now.year - 1, day=1)
    end = min(_end(last.date()), now) if last else now
    days = []
    for replayed in replays.replay(home, start, end, progress=progress):
        days.append(replayed)
        if not is_json:
            say(f"{replayed.as_of}: {len(replayed.rows())} changes, {replayed.open} open")
    rows = [row for one in days for row in one.rows()]
    if is_json:
        as_json(rows)
    else:
        table(rows, CHANGES)
        for line in replays.in_words(home, days):
            say(line)
    return 0


@click.command("backtest")
@click.option("--indicator", "chosen", multiple=True, help="Only this one; may be repeated.")
@click.option("--replicates", default=4, show_default=True, help="How often to plant anew.")
@click.option("--seed", default=1, show_default=True, help="The same seed plants the same.")
@json_option
@home_option
def backtest(
    home: "Home", chosen: tuple[str, ...], replicates: int, seed: int, is_json: bool
) -> int:
    """Plant changes in the history at hand and count what is found; the next run publishes it.

    Example: sightline backtest --indicator referral_rate --replicates 2
    """
    from dataclasses import asdict

    from sightline.monitoring import backtest_results

    found = backtest_results.run(home, chosen, replicates=replicates, seed=seed, progress=progress)
    if is_json:
        as_json([asdict(one) for one in found])
        return 0
    table([backtest_results.in_words(one) for one in found], RESULTS)
    say("The next run shows this in the report: sightline run")
    return 0


def _end(start: date) -> date:
    from sightline.warehouse.calendar import month_of

    return month_of(start).end


COMMANDS = (replay, backtest)
