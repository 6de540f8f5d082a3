"""Commands about what came: the list, the account of one, and what was in force on a day."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.senders import MOST_ROWS, write_reports
from sightline.orchestration.console import as_json, home_option, json_option, say, state_of, table

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

COLUMNS = (
    "submission_id", "sender", "extract", "period_start", "period_end", "received_on",
    "status", "accepted", "quarantined", "duplicates", "original_name",
)  # fmt: skip
IN_FORCE = ("sender", "extract", "tells", "first_day", "last_day", "submission_id", "known_on")
STATUSES = ("received", "accepted", "quarantined", "held", "withdrawn")
sender_option = click.option("--sender", help="Only this three-digit authority code, or published.")
extract_option = click.option("--extract", help="Only this extract, such as ssd.")


@click.group("submissions")
def submissions() -> None:
    """What came, what became of it, and what was known when.

    Example: sightline submissions show 17
    """


@submissions.command("list")
@sender_option
@extract_option
@click.option("--status", type=click.Choice(STATUSES), help="Only submissions in this state.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only those received on this day or later."
)
@json_option
@home_option
def list_submissions(
    home: "Home",
    sender: str | None,
    extract: str | None,
    status: str | None,
    since: datetime | None,
    is_json: bool,
) -> int:
    """Every submission, the newest first, and the first reason where one is not used.

    Example: sightline submissions list --status quarantined --since 2026-09-01
    """
    from sightline.warehouse.ledger import submissions as ledger

    day = since.date() if since else None
    with state_of(home) as state, state.read() as connection:
        rows = ledger.listing(connection, sender=sender, extract=extract, status=status, since=day)
    if is_json:
        as_json(rows)
        return 0
    table(rows, COLUMNS)
    for row in rows:
        if row["held_reason"] or row["first_error"]:
            say(f"  {row['submission_id']}: {row['held_reason'] or row['first_error']}")
    return 0


@submissions.command("show")
@click.argument("submission_id", type=int)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every row to mend into this file, .csv or .html, to send to the sender.",
)
@json_option
@home_option
def show(home: "Home", submission_id: int, reports: tuple[Path, ...], is_json: bool) -> int:
    """What became of a submission, why, its rows, its problems, and what it means for the returns.

    With --report its kept original is judged again, by the rules of today and without values.

    Example: sightline submissions show 17 --report to_mend.html
    """
    from sightline.senders import account
    from sightline.warehouse.settings import load_settings, today

    with state_of(home) as state:
        told = account.account(home, state, submission_id, today(load_settings(home)))
        verdicts = [account.judged_again(home, state, submission_id, MOST_ROWS)] if reports else []
    if is_json:
        as_json(told)
    for line in [] if is_json else account.in_words(told):
        say(line)
    write_reports(verdicts, reports, with_values=False)
    return 0


@submissions.command("as-of")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@sender_option
@extract_option
@json_option
@home_option
def as_of(
    home: "Home", day: datetime, sender: str | None, extract: str | None, is_json: bool
) -> int:
    """Which submission spoke for which days, as it was known on a day.

    Example: sightline submissions as-of 2026-06-30 --sender 383
    """
    from sightline.senders import account

    with state_of(home) as state:
        rows = account.as_of(state, day.date(), sender, extract)
    if is_json:
        as_json(rows)
    else:
        table(rows, IN_FORCE)
    return 0


COMMANDS = (submissions,)
