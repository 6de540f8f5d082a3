"""The command line. It imports next to nothing; each command imports what it needs when it runs."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from sightline.orchestration import faults, logs, stop_signals
from sightline.orchestration.commands import (
    alerts,
    annotate,
    asking,
    audit,
    backup,
    contract,
    data,
    decisions,
    erasure,
    history,
    identities,
    monitor,
    releases,
    senders,
    service,
    submissions,
    trial,
)
from sightline.orchestration.console import verbose_option
from sightline.warehouse.errors import WRONG_USE, ConfigurationError, SightlineError
from sightline.warehouse.home import private_folder, shown

UNEXPECTED = 1
UNHEARD = 141
"""As shells say it of a process whose output nobody reads any more."""


class InOrder(click.Group):
    """Lists commands as a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click gives it)
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return UNHEARD


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
    audit,
    asking,
    data,
    releases,
    alerts,
    annotate,
    identities,
    history,
    erasure,
    backup,
    service,
):
    for command in module.COMMANDS:
        commands.add_command(command)


def _give_verbose(each: Iterable[click.Command]) -> None:
    for command in each:
        if isinstance(command, click.Group):
            _give_verbose(command.commands.values())
        else:
            command.params.append(verbose_option)


_give_verbose(commands.commands.values())


def _give_home() -> None:
    """Libraries keep what they cache in the home folder of an account, which may have none."""
    try:
        has_home = os.access(Path.home(), os.W_OK | os.X_OK)
    except RuntimeError:
        has_home = False
    if not has_home:
        with contextlib.suppress(ConfigurationError):  # what only reads can do without
            os.environ["HOME"] = str(private_folder())


def main() -> None:
    """Every way out has its code: 0 to 8 as docs/engineers.md lists them, or 128 + a signal."""
    # Small matrices by the thousand: threads that wait for each other would cost minutes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Who is stopped leaves locks behind, which are cleared away in silence.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    _give_home()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal need not know every character
            stream.reconfigure(errors="backslashreplace")
    stop_signals.listen()
    logs.begin()
    try:
        sys.exit(commands(prog_name="sightline", standalone_mode=False) or 0)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except (click.Abort, KeyboardInterrupt):
        logs.log.warning("stopped", extra={"is_said": True})
        click.echo("sightline: stopped", err=True)
        if stop_signals.asked():
            stop_signals.end()
        sys.exit(UNEXPECTED)
    except Exception as fault:
        ours = fault if isinstance(fault, SightlineError) else faults.explained(fault)
        code = ours.exit_code if ours else UNEXPECTED
        if ours and code != WRONG_USE:
            what = f"ended with exit code {code}"
            logs.log.error(what, exc_info=fault, extra={"is_said": True})
        told = f"sightline: {ours.message}" if ours else faults.told(fault)
        click.echo(shown(told), err=True)
        sys.exit(code)
