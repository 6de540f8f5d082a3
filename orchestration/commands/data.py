"""Commands for the pages that are published."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.console import home_option, say

if TYPE_CHECKING:
    from warehouse.home import Home

LOOPBACK = "127.0.0.1"


@click.group("report")
def report() -> None:
    """The pages for those who lead.

    Example: sightline report open
    """


@report.command("open")
@home_option
def open_report(home: "Home") -> int:
    """Open the current report in the browser, straight from the folder.

    Example: sightline report open
    """
    import webbrowser

    page = _pages(home) / "index.html"
    say(str(page))
    webbrowser.open(page.resolve().as_uri())
    return 0


@report.command("serve")
@click.option("--port", default=8000, show_default=True, help="The port on this machine alone.")
@home_option
def serve(home: "Home", port: int) -> int:
    """Serve the current report to this machine alone, always the newest release.

    Example: sightline report serve --port 8000
    """
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    handler = partial(SimpleHTTPRequestHandler, directory=str(_pages(home)))
    with ThreadingHTTPServer((LOOPBACK, port), handler) as server:
        say(f"http://{LOOPBACK}:{server.server_port}/  (stop with Ctrl+C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
    return 0


def _pages(home: "Home") -> Path:
    from warehouse.release import store as releases

    shown = releases.require_current(home)
    follows = home.current / "report"
    return Path(follows if follows.is_dir() else shown.folder / "report")


COMMANDS = (report,)
