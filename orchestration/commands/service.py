"""Commands that keep a monitor going: Dagster's pages and daemon."""

from typing import TYPE_CHECKING

import click

from sightline.orchestration.console import home_option, say

if TYPE_CHECKING:
    from sightline.warehouse.home import Home


@click.command("up")
@click.option("--port", default=3000, show_default=True, help="The port of Dagster's pages.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address that they listen on. They ask nobody who comes: give another than this"
    " machine's own inside a container alone, whose ports are closed to others.",
)
@home_option
def up(home: "Home", port: int, host: str) -> int:
    """Start Dagster's pages, its schedule and its watch on the inbox, for this machine alone.

    Ends with all that it started when it is stopped; also, with exit code 1, when the pages or the
    daemon end by themselves, so that whatever keeps services going can start it again.

    Example: sightline up --port 3000
    """
    from sightline.orchestration.service import Up

    Up(home, port, say, host).keep()
    return 0


COMMANDS = (up,)
