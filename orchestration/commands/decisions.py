"""Commands by which a person decides what a rule cannot, and the record of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from sightline.orchestration.console import (
    as_json,
    home_option,
    json_option,
    say,
    state_of,
    table,
    typed,
)

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

BROKEN = 1
HELD_COLUMNS = ("submission_id", "sender", "extract", "period_start", "period_end", "original_name")

reason_option = click.option(
    "--reason",
    required=True,
    callback=typed,
    help="Why, for whoever asks later. No child's name or number.",
)


@click.group("intake")
def intake() -> None:
    """Decide about submissions that a rule has held back, refused or let through.

    Example: sightline intake list --held
    """


@intake.command("list")
@click.option("--held", "only_held", is_flag=True, help="Without those that were refused.")
@json_option
@home_option
def list_open(home: "Home", only_held: bool, is_json: bool) -> int:
    """Submissions that wait for a person: held back or refused, and why.

    Example: sightline intake list --held
    """
    from sightline.warehouse.ledger import overview

    with state_of(home) as state:
        rows = overview.waiting_for_a_person(state, only_held=only_held)
    if is_json:
        as_json(rows)
        return 0
    table(rows, HELD_COLUMNS)
    for row in rows:
        say(f"  {row['submission_id']}: {row['held_reason'] or row['first_error']}")
    return 0


@intake.command("accept")
@click.argument("submission_id", type=int)
@reason_option
@home_option
def accept(home: "Home", submission_id: int, reason: str) -> int:
    """Take a submission in after all; the next run publishes it.

    One that was held back for its vital signs comes into force. One that was refused for too many
    bad rows, or for the issuers of its UPNs, is read again and its good rows are taken in.

    Example: sightline intake accept 17 --reason "confirmed by the sender on 3 March"
    """
    from sightline.warehouse.ledger import decisions

    _decide(home, decisions.accept, submission_id, reason)
    say(f"Submission {submission_id} is accepted. Publish it with: sightline run")
    return 0


@intake.command("withdraw")
@click.argument("submission_id", type=int)
@reason_option
@home_option
def withdraw(home: "Home", submission_id: int, reason: str) -> int:
    """Take a submission out of force at its sender's word; the one before it speaks again.

    Example: sightline intake withdraw 17 --reason "sent for the wrong month, says the sender"
    """
    from sightline.warehouse.ledger import decisions

    _decide(home, decisions.withdraw, submission_id, reason)
    say(f"Submission {submission_id} is withdrawn. Publish without it with: sightline run")
    return 0


def _decide(home: "Home", decision: Callable[..., None], submission_id: int, reason: str) -> None:
    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse.settings import load_settings, today

    with held(home.restricted / RUN_LOCK), state_of(home) as state:
        decision(state, submission_id, reason, today(load_settings(home)))


@click.command("decisions")
@json_option
@home_option
def audit_decisions(home: "Home", is_json: bool) -> int:
    """Who decided what, when and why; exit code 1 where an entry was changed or taken away.

    Example: sightline audit
    """
    from sightline.warehouse.errors import SightlineError
    from sightline.warehouse.ledger import audit

    with state_of(home) as state:
        rows = audit.entries(state)
        if is_json:
            as_json(rows)
        for row in [] if is_json else rows:
            say(f"{row['sequence']}  {row['at']:%Y-%m-%d %H:%M} UTC  {row['actor']}:"
                f" {row['action']} {row['subject']}: {row['reason']}")  # fmt: skip
        try:
            audit.check(state)
        except SightlineError as fault:
            click.echo(f"sightline: {fault.message}", err=True)
            return BROKEN
    return 0


COMMANDS = (intake,)
