"""Commands for what is published: releases and the report."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.console import as_json, home_option, json_option, say, table

if TYPE_CHECKING:
    from warehouse.home import Home

LOOPBACK = "127.0.0.1"


@click.group("releases")
def releases_group() -> None:
    """What was published, and whether it still is what it was.

    Example: sightline releases list
    """


@releases_group.command("list")
@json_option
@home_option
def list_releases(home: "Home", is_json: bool) -> int:
    """Every release that is kept, the newest first.

    Example: sightline releases list --json
    """
    from warehouse.release import store as releases

    shown = releases.current(home)
    rows = [
        {
            "release": one.release_id,
            "as_of": one.as_of.isoformat(),
            "built_at": one.built_at,
            "content": one.content_hash[:12],
            "simulated": one.simulated,
            "current": shown is not None and one.release_id == shown.release_id,
            "looks_back": one.looks_back,
        }
        for one in releases.list_releases(home)
    ]
    if is_json:
        as_json(rows)
    else:
        columns = ("release", "as_of", "built_at", "content", "simulated", "current", "looks_back")
        table(rows, columns)
    return 0


@releases_group.command("verify")
@click.argument("release_id", required=False)
@home_option
def verify(home: "Home", release_id: str | None) -> int:
    """Whether the tables of a release, or of all, still have the content stated for them.

    Example: sightline releases verify
    """
    from warehouse.release import store as releases

    names = [release_id] if release_id else [one.release_id for one in releases.list_releases(home)]
    results = {name: releases.verify(home, name) for name in names}
    for name, is_whole in results.items():
        say(f"{name}  {'whole' if is_whole else 'NOT what was published'}")
    return 0 if all(results.values()) else 1


@releases_group.command("rebuild")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The day of a release that was published.",
)
@home_option
def rebuild(home: "Home", as_of: datetime) -> int:
    """Build a day's last release again as it was known then; exit code 1 where it is another.

    Alerts and annotations are what people were told and said: they are kept, not built again.

    Example: sightline releases rebuild --as-of 2026-10-20
    """
    from orchestration import rebuilding

    found = rebuilding.rebuild(home, as_of.date())
    if found.is_other_code:
        say("It was published by another version of the code, which can itself be the reason")
        say("for a difference.")
    for name in found.differing:
        say(f"  {name} is not what it was")
    verdict = "differs from" if found.differing else "says the same as"
    say(f"{found.rebuilt}, built again, {verdict} {found.published}")
    return 1 if found.differing else 0


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
    from warehouse.errors import SightlineError
    from warehouse.release import store as releases

    shown = releases.current(home)
    if shown is None:
        raise SightlineError("nothing is published yet; run: sightline run")
    follows = home.current / "report"
    return Path(follows if follows.is_dir() else shown.folder / "report")


COMMANDS = (releases_group, report)
