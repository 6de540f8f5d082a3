"""Commands for what people know of who is one child, and the records do not tell."""

import sys
from typing import TYPE_CHECKING, Literal

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import as_json, home_option, json_option, say, state_of, table

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

COLUMNS = ("number", "kind", "one", "other", "recorded_on", "state", "reason")


@click.group("identities")
def identities() -> None:
    """Say that two identifiers are, or are not, one child; the records may be wrong.

    Example: sightline identities list
    """


@identities.command("cut")
@click.argument("one", required=False)
@click.argument("other", required=False)
@reason_option
@home_option
def cut(home: "Home", one: str | None, other: str | None, reason: str) -> int:
    """Two identifiers that are tied are not one child.

    Each is SENDER:LOCAL_NUMBER or a UPN; left out, they are asked for, and do not stand in the
    history of your shell. They are hashed at once and kept nowhere. Where others tie the two as
    well, the first stands alone from then on.

    Example: sightline identities cut 301:12345 A301000000001 --reason "number of a namesake"
    """
    return _decide(home, "cut", one, other, reason)


@identities.command("join")
@click.argument("one", required=False)
@click.argument("other", required=False)
@reason_option
@home_option
def join(home: "Home", one: str | None, other: str | None, reason: str) -> int:
    """Two identifiers are one child, whatever the records say.

    They are given as to: sightline identities cut

    Example: sightline identities join 301:12345 301:98765 --reason "new case system, same child"
    """
    return _decide(home, "join", one, other, reason)


def _decide(
    home: "Home", kind: Literal["cut", "join"], one: str | None, other: str | None, reason: str
) -> int:
    from sightline.warehouse.pseudonyms import keys
    from sightline.warehouse.settings import load_settings, today
    from sightline.warehouse.timeline import identity_decisions

    first = identity_decisions.named(one or _asked("one"))
    second = identity_decisions.named(other or _asked("the other"))
    with state_of(home) as state:
        number = identity_decisions.add(
            state,
            keys.in_use(home, state),
            kind,
            first,
            second,
            reason=reason,
            today=today(load_settings(home)),
        )
    say(f"Identity decision {number} is recorded: {kind} {first.described} and {second.described}.")
    say("The next run takes it into account: sightline run")
    return 0


def _asked(which: str) -> str:
    question = f"{which.capitalize()} (SENDER:LOCAL_NUMBER or a UPN)"
    return str(click.prompt(question, hide_input=sys.stdin.isatty(), err=True))


@identities.command("list")
@json_option
@home_option
def list_decisions(home: "Home", is_json: bool) -> int:
    """Every decision, the newest first; which identifiers are meant is not kept in clear.

    Example: sightline identities list --json
    """
    from sightline.warehouse.timeline import identity_decisions

    with state_of(home) as state:
        rows = identity_decisions.listing(state)
    if is_json:
        as_json(rows)
        return 0
    table(
        [
            row | {"number": row["decision_id"], "one": row["one_is"], "other": row["other_is"]}
            for row in rows
        ],
        COLUMNS,
    )
    return 0


@identities.command("withdraw")
@click.argument("number", type=int)
@reason_option
@home_option
def withdraw(home: "Home", number: int, reason: str) -> int:
    """Take a decision back; the next run does without it.

    Example: sightline identities withdraw 3 --reason "the sender has put it right"
    """
    from sightline.warehouse.settings import load_settings, today
    from sightline.warehouse.timeline import identity_decisions

    with state_of(home) as state:
        identity_decisions.withdraw(state, number, reason=reason, today=today(load_settings(home)))
    say(f"Identity decision {number} no longer counts. Publish without it with: sightline run")
    return 0


COMMANDS = (identities,)
