"""The command line. It imports next to nothing; each command imports what it needs when it runs."""

import os
import sys

import click

from orchestration import faults
from orchestration.commands import (
    alerts,
    annotate,
    contract,
    data,
    decisions,
    history,
    identities,
    keeping,
    monitor,
    safekeeping,
    senders,
    service,
    submissions,
    trial,
)

UNEXPECTED = 1


class InOrder(click.Group):
    """Lists commands as a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click gives it)
        return list(self.commands)


@click.group(
    cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="sightline")
def commands() -> None:
    """Shows where children at risk of exploitation go unseen: change by area, tested and explained.

    Try it with: sightline demo
    """


for module in (
    trial,
    senders,
    contract,
    monitor,
    submissions,
    decisions,
    data,
    alerts,
    annotate,
    identities,
    history,
    safekeeping,
    keeping,
    service,
):
    for command in module.COMMANDS:
        commands.add_command(command)


def main() -> None:
    """Every way out has its code: 0 to 8 as the README lists them."""
    # Small matrices by the thousand: threads that wait for each other would cost minutes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from warehouse.errors import SightlineError

    try:
        sys.exit(commands(standalone_mode=False) or 0)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(UNEXPECTED)
    except SightlineError as fault:
        click.echo(f"sightline: {fault.message}", err=True)
        sys.exit(fault.exit_code)
    except Exception as fault:
        click.echo(faults.told(fault), err=True)
        sys.exit(UNEXPECTED)
