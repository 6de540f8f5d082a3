"""Commands that read what is published: tables, their meaning and the report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.console import as_json, home_option, json_option, say, table

if TYPE_CHECKING:
    from warehouse.home import Home

BAD_QUERY = 2
LOOPBACK = "127.0.0.1"


@click.command("sql")
@click.argument("query", required=False)
@json_option
@home_option
def sql(home: "Home", query: str | None, is_json: bool) -> int:
    """Ask the current release a question in SQL; read-only, also while a run is going on.

    Example: sightline sql "select area_name, status from trends join areas using (area_code)"
    """
    import duckdb

    from warehouse.release import store as releases

    asked = query or ("" if sys.stdin.isatty() else sys.stdin.read())
    with releases.open_published(home) as connection:
        try:
            result = connection.execute(asked.strip() or "show tables")
            columns = [column[0] for column in result.description or []]
            rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as fault:
            click.echo(f"sightline: {fault}", err=True)
            return BAD_QUERY
    if is_json:
        as_json(rows)
    else:
        table(rows, columns)
    return 0


@click.command("dictionary")
@click.argument("name", required=False)
@json_option
@home_option
def dictionary(home: "Home", name: str | None, is_json: bool) -> int:
    """What the published tables, their columns and the indicators mean.

    Example: sightline dictionary trends
    """
    from warehouse.release import store as releases

    with releases.open_published(home) as connection:
        queries = _meanings(name)
        rows = [
            dict(zip(("name", "meaning"), row, strict=True))
            for query, values in queries
            for row in connection.execute(query, values).fetchall()
        ]
    if not rows:
        raise click.UsageError(f"no table, column or indicator is called {name}")
    if is_json:
        as_json(rows)
    else:
        table(rows, ("name", "meaning"))
    return 0


def _meanings(name: str | None) -> list[tuple[str, list[str]]]:
    if name is None:
        return [
            ("select table_name, comment from duckdb_tables() order by table_name", []),
            ("select indicator, definition from indicators order by indicator", []),
        ]
    return [
        ("select table_name, comment from duckdb_tables() where table_name = ?", [name]),
        (
            "select column_name, comment from duckdb_columns() where table_name = ? "
            "order by column_index",
            [name],
        ),
        (
            "select table_name || '.' || column_name, comment from duckdb_columns() "
            "where column_name = ? order by 1",
            [name],
        ),
        ("select indicator, definition from indicators where indicator = ?", [name]),
    ]


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


COMMANDS = (sql, dictionary, report)
