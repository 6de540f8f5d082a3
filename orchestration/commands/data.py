"""Commands for the pages that are published."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.console import home_option, say

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

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


@report.command("pdf")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@home_option
def pdf(home: "Home", file: Path | None) -> int:
    """Print the briefing of the current release to PDF, with the Chromium that is installed.

    Without a name the file is called after the release and lies in this folder. Exit code 1 where
    no Chromium is installed: then open the briefing in any browser and print it.

    Example: sightline report pdf briefing.pdf
    """
    from sightline.report.downloads import files
    from sightline.report.downloads import pdf as printing
    from sightline.warehouse.release import store as releases

    release = releases.require_current(home).release_id
    to = file or Path(f"sightline-{release}.pdf")
    printing.write(_pages(home) / files.BRIEF, to)
    say(str(to))
    return 0


def _pages(home: "Home") -> Path:
    from sightline.warehouse.release import store as releases

    shown = releases.require_current(home)
    follows = home.current / "report"
    return Path(follows if follows.is_dir() else shown.folder / "report")


COMMANDS = (report,)
