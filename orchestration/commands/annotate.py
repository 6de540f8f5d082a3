"""Commands for what people know of a series and the figures do not tell."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.decisions import reason_option
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

COLUMNS = (
    "number", "area", "about", "kind", "starts_on", "ends_on", "state", "reason_code", "reason",
    "public_sentence",
)  # fmt: skip
day = click.DateTime(["%Y-%m-%d"])


@click.group("annotate")
def annotate() -> None:
    """Say what the figures do not tell: changes of practice or recording, wrong months.

    Example: sightline annotate list
    """


@annotate.command("add")
@click.option("--area", required=True, help="A code such as E09000012, E12000007 or 204.")
@click.option("--about", required=True, help="An indicator, or a source such as referrals.")
@click.option("--kind", required=True, help="What it is; sightline annotate kinds explains.")
@click.option("--from", "starts_on", required=True, type=day, help="The first day it is true of.")
@click.option("--to", "ends_on", type=day, help="The last day, of a data problem.")
@click.option(
    "--reason",
    required=True,
    callback=typed,
    help="Why, in a sentence; kept inside. No child's name or number.",
)
@click.option(
    "--code",
    "reason_code",
    default="other",
    show_default=True,
    help="Why, as it is published; sightline annotate kinds lists them.",
)
@click.option("--public", callback=typed, help="A sentence to be published as it stands.")
@click.option(
    "--approved-by", callback=typed, help="The second person who approved it; kept inside."
)
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask, after the sentence was shown.")
@home_option
def add(
    home: "Home",
    area: str,
    about: str,
    kind: str,
    starts_on: datetime,
    ends_on: datetime | None,
    reason: str,
    reason_code: str,
    public: str | None,
    approved_by: str | None,
    *,
    is_sure: bool,
) -> int:
    """Record one; the next run judges the series with it and shows kind, days and reason code.

    What --reason says stays inside. A sentence for the public is given apart and shown before it
    is kept.

    Example: sightline annotate add --area 204 --about referrals --kind recording_change
    --from 2026-04-01 --reason "New case system: contacts are no longer counted"
    --code new_case_system --public "Contacts are no longer counted as referrals."
    --approved-by "Head of performance" --yes
    """
    from sightline.warehouse.ledger import annotations, audit
    from sightline.warehouse.settings import load_settings, today

    if approved_by and not public:
        raise click.UsageError("--approved-by is of a public sentence: give it with --public")
    sentence = annotations.PublicSentence(public, approved_by or "") if public else None
    if sentence:
        sentence = sentence.check(audit.actor())
        say(f"Everybody will read: {sentence.text}")
        if not is_sure:
            if not sys.stdin.isatty():
                raise click.UsageError("nothing is kept yet: look at the sentence, then say --yes")
            click.confirm("Publish it?", abort=True)
    with state_of(home) as state:
        number = annotations.add(
            state,
            area=area,
            scope=about,
            kind=kind,
            starts_on=starts_on.date(),
            ends_on=ends_on.date() if ends_on else None,
            reason=reason,
            today=today(load_settings(home)),
            reason_code=reason_code,
            public=sentence,
        )
    say(f"Annotation {number} is recorded: {annotations.MEANINGS[kind]}.")
    say("The next run takes it into account: sightline run")
    return 0


@annotate.command("list")
@json_option
@home_option
def list_annotations(home: "Home", is_json: bool) -> int:
    """Every annotation, the newest first.

    Example: sightline annotate list --json
    """
    from dataclasses import asdict

    from sightline.warehouse.ledger import annotations

    with state_of(home) as state:
        held = annotations.listing(state)
    if is_json:
        as_json([asdict(one) for one in held])
        return 0
    rows = [
        asdict(one)
        | {
            "number": one.annotation_id,
            "area": one.area_code,
            "about": one.scope,
            "state": f"withdrawn {one.withdrawn_on}" if one.withdrawn_on else "in force",
        }
        for one in held
    ]
    table(rows, COLUMNS)
    return 0


@annotate.command("withdraw")
@click.argument("number", type=int)
@reason_option
@home_option
def withdraw(home: "Home", number: int, reason: str) -> int:
    """Take one back; the next run judges without it.

    Example: sightline annotate withdraw 3 --reason "the old case system is back"
    """
    from sightline.warehouse.ledger import annotations
    from sightline.warehouse.settings import load_settings, today

    with state_of(home) as state:
        annotations.withdraw(state, number, reason=reason, today=today(load_settings(home)))
    say(f"Annotation {number} no longer counts. The next run judges without it: sightline run")
    return 0


@annotate.command("kinds")
def kinds() -> int:
    """What can be said of a series and what follows from it, and the codes of reasons.

    Example: sightline annotate kinds
    """
    from sightline.warehouse.ledger.annotations import MEANINGS, REASONS

    for kind, meaning in MEANINGS.items():
        say(f"{kind}: {meaning}")
    say("Reasons, for --code:")
    for code, meaning in REASONS.items():
        say(f"  {code}: {meaning}")
    return 0


COMMANDS = (annotate,)
