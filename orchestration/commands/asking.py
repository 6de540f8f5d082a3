"""Commands that ask what is published: SQL and the dictionary."""

import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sightline.orchestration.answers import ENDINGS, FORMATS
from sightline.orchestration.console import (
    as_json,
    echo,
    home_option,
    json_option,
    say,
    state_of,
    table,
    typed,
)
from sightline.warehouse.errors import WRONG_USE
from sightline.warehouse.home import shown

if TYPE_CHECKING:
    import duckdb

    from sightline.warehouse.home import Home

EVERY_TABLE = "show tables"
EVERY_RESTRICTED_TABLE = (
    "select schema_name || '.' || table_name as name from duckdb_tables() order by all"
)


class TakesComments(click.Command):
    """A command whose text may begin with a comment of SQL, which looks like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {
            name: param
            for param in self.params
            if isinstance(param, click.Option)
            for name in param.opts
        }
        kept: list[str] = []
        texts: list[str] = []
        is_value = False
        for place, one in enumerate(args):
            if one == "--" and not is_value:
                texts += args[place + 1 :]
                break
            is_comment = one.startswith("--") and not is_value
            if is_comment and re.search(r"\s", one) and one.split("=")[0] not in options:
                texts.append(one)
            else:
                kept.append(one)
            taken = options.get(one)
            is_value = not is_value and taken is not None and not taken.is_flag
        return super().parse_args(ctx, [*kept, "--", *texts] if texts else kept)


@click.command("sql", cls=TakesComments)
@click.argument("query", required=False)
@click.option(
    "--file",
    "script",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Read the SQL from a file; - is standard input.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How results are written; else as the file of --output ends, or as a table.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write results into this file, which is replaced.",
)
@click.option(
    "--restricted",
    "is_restricted",
    is_flag=True,
    help="Ask the exact, pseudonymised warehouse; needs clearance and --reason.",
)
@click.option(
    "--reason", callback=typed, help="Why restricted rows are read; it goes into the audit log."
)
@json_option
@home_option
def sql(
    home: "Home",
    query: str | None,
    script: Path | None,
    form: str | None,
    output: Path | None,
    is_restricted: bool,
    reason: str | None,
    is_json: bool,
) -> int:
    """Ask the current release questions in SQL; read-only, also while a run is going on.

    Statements stand on the command line, in a file or on standard input, parted by semicolons.
    Each is answered or refused; the exit code is 2 where one was refused.

    Example: sightline sql "select area_name, status from trends join areas using (area_code)"
    """
    from sightline.warehouse.release import asking, store
    from sightline.warehouse.settings import load_settings

    _check_reason(reason, is_restricted=is_restricted)
    form = "json" if is_json else form or _form_of(output)
    _check_output(home, form, output)
    otherwise = EVERY_RESTRICTED_TABLE if is_restricted else EVERY_TABLE
    text = _text(query, script).strip() or otherwise
    path = asking.restricted(home) if is_restricted else store.published_file(home)
    with asking.open_database(path, load_settings(home)) as connection:
        found = asking.statements(connection, text)
        answered = sum(map(asking.gives_rows, found))
        if form == "parquet" and answered > 1:
            raise click.UsageError("a Parquet file holds one result; give one statement")
        if reason:
            with state_of(home) as state:
                asking.record(state, reason, len(found))
        return _answer(connection, found, form, output, is_private=is_restricted)


def _check_reason(reason: str | None, *, is_restricted: bool) -> None:
    if is_restricted and not reason:
        raise click.UsageError("--restricted needs --reason: say why these rows are read")
    if reason is not None and not is_restricted:
        raise click.UsageError("--reason goes with --restricted")


def _form_of(output: Path | None) -> str:
    ending = output.suffix.lower() if output else ""
    if ending not in ENDINGS:
        known = ", ".join(filter(None, ENDINGS))
        raise click.UsageError(f"{ending} says no form: name it {known}, or give --format")
    return ENDINGS[ending]


def _check_output(home: "Home", form: str, output: Path | None) -> None:
    if output is None:
        if form == "parquet":
            raise click.UsageError("Parquet is written into a file: name it with --output")
        return
    place = output.parent.resolve()
    if not place.is_dir():
        raise click.UsageError(f"there is no folder {output.parent}")
    for ours in (home.published, home.restricted, home.inbox, home.outbox):
        if place.is_relative_to(ours.resolve()):
            raise click.UsageError(f"{ours.name}/ is the monitor's own; write results elsewhere")


def _text(query: str | None, script: Path | None) -> str:
    if query is not None and script is not None:
        raise click.UsageError("give the SQL or a file of it, not both")
    is_piped = query is None and script is None and not sys.stdin.isatty()
    try:
        if is_piped or query == "-" or str(script) == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        if script:
            return script.read_text(encoding="utf-8-sig")
        # What the terminal does not know stands in it as single bytes.
        return os.fsencode(query or "").decode("utf-8")
    except UnicodeError:
        raise click.UsageError("the SQL is not written in UTF-8") from None


def _answer(
    connection: "duckdb.DuckDBPyConnection",
    statements: Sequence["duckdb.Statement"],
    form: str,
    output: Path | None,
    *,
    is_private: bool,
) -> int:
    """Write what each statement gives; the exit code."""
    from sightline.orchestration import answers
    from sightline.warehouse.release import asking

    is_refused = False
    several = sum(map(asking.gives_rows, statements)) > 1
    with ExitStack() as stack:
        path = stack.enter_context(answers.aside(output, is_private=is_private)) if output else None
        results = None
        if form != "parquet":
            out: Any = _Console()
            if path:
                out = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            results = answers.Results(out, form, several=several)
        for number, statement in enumerate(statements, start=1):
            try:
                if path and form == "parquet" and asking.gives_rows(statement):
                    answers.write_parquet(path, asking.arrow(connection, statement))
                    continue
                asking.ask(connection, statement)
                if results and asking.gives_rows(statement):
                    results.add(asking.columns(connection), asking.rows(connection))
            except asking.Refused as fault:
                which = f"statement {number}" if len(statements) > 1 else "this"
                click.echo(shown(f"sightline: {which} {fault}"), err=True)
                is_refused = True
        if results:
            results.end()
    return WRONG_USE if is_refused else 0


class _Console(io.TextIOBase):
    """Standard output, as every command writes to it."""

    def write(self, text: str) -> int:
        echo(text, nl=False)
        return len(text)


@click.command("dictionary")
@click.argument("name", required=False)
@json_option
@home_option
def dictionary(home: "Home", name: str | None, is_json: bool) -> int:
    """What the published tables, views, columns and indicators mean.

    Example: sightline dictionary trends
    """
    from sightline.warehouse.release import dictionary as meanings
    from sightline.warehouse.release import store as releases

    with releases.open_published(home) as connection:
        rows = meanings.about(connection, name.lower() if name else None)
        if not rows:
            near = get_close_matches((name or "").lower(), meanings.names(connection), 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"no table, view, column or indicator is called {name}{hint}")
    if is_json:
        as_json(rows)
    else:
        table(rows, [column for column in rows[0] if any(row[column] for row in rows)])
    return 0


@click.command("lineage")
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False), default=Path("lineage.html")
)
def lineage(file: Path) -> int:
    """Write how every table is made of others, as one page for a browser; no figure is in it.

    It is made from the models alone, and names those inside restricted/ too.

    Example: sightline lineage lineage.html
    """
    from sightline.orchestration import lineage

    lineage.write(file)
    say(f"Written: {file}")
    return 0


COMMANDS = (sql, dictionary, lineage)
