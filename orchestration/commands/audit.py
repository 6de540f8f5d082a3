"""The audits: of what people decided, and of what published counts give away."""

import time
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.decisions import audit_decisions
from sightline.orchestration.console import as_json, home_option, json_option, say, table

if TYPE_CHECKING:
    from sightline.warehouse.home import Home
    from sightline.warehouse.release.audit import Seen

NARROW = 1
COLUMNS = ("measures", "blocks", "withheld", "narrow", "narrowest", "assumes")


class DecisionsByDefault(click.Group):
    """A group that without a subcommand audits the decisions."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, "-h", "--help"):
            args = ["decisions", *args]
        return super().parse_args(ctx, args)


@click.group("audit", cls=DecisionsByDefault)
def audit() -> None:
    """Who decided what, when and why; or what published counts give away.

    Example: sightline audit
    """


audit.add_command(audit_decisions)


@audit.command("disclosure")
@click.argument("release_id", metavar="RELEASE", required=False)
@json_option
@home_option
def disclosure(home: "Home", release_id: str | None, is_json: bool) -> int:
    """Work on the published counts as a reader could who wants withheld ones back.

    Looks at the current release unless another is named, and at what the others that are kept tell
    of the same counts. Exit code 1 where a withheld count is left fewer than five values, or where
    a value does not follow from the counts beside it.

    Example: sightline audit disclosure
    """
    from dataclasses import asdict

    from sightline.warehouse.release import audit as audits
    from sightline.warehouse.release import store as releases

    release = releases.find(home, release_id) if release_id else releases.require_current(home)
    began = time.monotonic()
    found, underived = audits.seen(home, release)
    seconds = round(time.monotonic() - began, 1)
    done = audits.recorded(release)
    widths = [family.narrowest for family in found if family.narrowest is not None]
    narrowest = min(widths, default=None)
    shares = audits.shares(release)
    narrow = sum(family.narrow for family in found)
    if is_json:
        as_json(
            {
                "release": release.release_id,
                "families": [asdict(family) for family in found],
                "narrow": narrow,
                "narrowest": narrowest,
                "values_not_derived": underived,
                "by_size": shares,
                "when_built": done,
                "seconds": seconds,
            }
        )
    else:
        say(f"{release.release_id}, from what is published:")
        table([_row(family) for family in found], COLUMNS)
        say(f"Narrowest interval: {narrowest or 'none'} values; narrower than five: {narrow}")
        say(f"Values that do not follow from the counts beside them: {underived}")
        for name, blocks in done["repairs"].items():
            say(f"Repaired when it was built, {name.replace('_', ' ')}: {len(blocks)}")
        table(shares, tuple(shares[0]) if shares else ())
        say(f"{seconds} seconds; {done['seconds']} when it was built")
    return NARROW if narrow or underived else 0


def _row(family: "Seen") -> dict[str, object]:
    return {
        "measures": ", ".join(family.measures),
        "blocks": family.blocks,
        "withheld": family.cells,
        "narrow": family.narrow,
        "narrowest": family.narrowest,
        "assumes": family.assumes,
    }


COMMANDS = (audit,)
