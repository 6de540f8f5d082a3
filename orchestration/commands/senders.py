"""Commands for those who send: check a file before it is sent, and see what belongs in it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sightline.orchestration.console import as_json, json_option, say

if TYPE_CHECKING:
    from sightline.senders.validate import Verdict

REFUSED = 4
MOST_ROWS = 10_000
MOST_ON_SCREEN = 100


@click.command("validate")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, resolve_path=True),
)
@click.option("--sender", help="The three-digit code of the authority that sends it.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every row to mend into this file, .csv or .html; may be given twice.",
)
@click.option("--show-values", is_flag=True, help="Show the wrong values on this screen.")
@click.option("--with-values", is_flag=True, help="Put them into the report: it is personal data.")
@json_option
def validate(
    files: tuple[Path, ...],
    sender: str | None,
    reports: tuple[Path, ...],
    show_values: bool,
    with_values: bool,
    is_json: bool,
) -> int:
    """Check files before they are sent, as intake would; nothing is kept, no monitor is needed.

    A folder or zip is checked as a whole return, a single table by itself.

    Exit codes: 0 all would be used, 2 wrong use, 4 a file or a row would be refused or held back.

    Example: sightline validate ssd_2026-09.zip --sender 301 --report to_mend.html
    """
    from dataclasses import asdict, replace

    from sightline.senders.validate import Wanted
    from sightline.senders.validate import validate as check

    _check_usage(reports, show_values, with_values)
    wanted = Wanted(MOST_ROWS if reports or show_values else 0, show_values or with_values)
    verdicts = check(files, sender, wanted)
    if is_json:
        as_json([asdict(replace(verdict, rows=[])) for verdict in verdicts])
    for verdict in [] if is_json else verdicts:
        say_verdict(verdict)
        if show_values:
            _show_rows(verdict)
    write_reports(verdicts, reports, with_values=with_values)
    is_clean = all(
        verdict.is_accepted and not verdict.quarantined and not verdict.held for verdict in verdicts
    )
    return 0 if is_clean else REFUSED


def say_verdict(verdict: "Verdict") -> None:
    say(f"{verdict.file}: {verdict.words}")
    period = f", {verdict.period.start} to {verdict.period.end}" if verdict.period else ""
    say(f"  {verdict.extract or 'not recognised'}{period}: {verdict.accounting}")
    for problem in verdict.problems:
        say(f"  {problem}")
    if verdict.notes:
        say("  Read in another form:")
    for note in verdict.notes:
        say(f"    {note}")


def write_reports(verdicts: list[Any], reports: tuple[Path, ...], *, with_values: bool) -> None:
    """Say on standard error where each report is, and loudly where it holds personal data."""
    from sightline.warehouse.errors import SightlineError

    for path in reports:
        from sightline.senders import error_report as errors

        try:
            errors.write(verdicts, path, with_values=with_values)
        except OSError as fault:
            raise SightlineError(f"{path} cannot be written: {fault.strerror}") from None
        click.echo(f"Every row to mend: {path}", err=True)
        if with_values:
            click.echo("  IT HOLDS PERSONAL DATA: only you can read it; delete it soon.", err=True)


def _check_usage(reports: tuple[Path, ...], show_values: bool, with_values: bool) -> None:
    if strange := [path for path in reports if path.suffix.lower() not in (".csv", ".html")]:
        raise click.UsageError(f"{strange[0].name}: a report's name ends in .csv or .html")
    if with_values and not reports:
        raise click.UsageError("--with-values needs --report; for the screen it is --show-values")
    if show_values and not sys.stdout.isatty():
        raise click.UsageError(
            "--show-values shows children's data on a screen only; this goes to a file or a pipe"
        )


def _show_rows(verdict: "Verdict") -> None:
    rows = [row for row in verdict.rows if row.problem.line]
    for row in rows[:MOST_ON_SCREEN]:
        column = f", {row.header} ({row.letter})" if row.letter else ""
        value = repr(row.value) if row.value is not None else "no value to show"
        say(f"    line {row.problem.line}{column}: {row.problem.rule}: {value}")
    if len(rows) > MOST_ON_SCREEN:
        say(f"    ... {len(rows) - MOST_ON_SCREEN:,} more: --report to_mend.html")


COMMANDS = (validate,)
