"""Output of the command line: events go to the log, results to standard output."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sightline.orchestration import logs
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import shown

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sightline.warehouse.home import Home
    from sightline.warehouse.ledger.state import State


def progress(stage: str, done: int, of: int) -> None:
    logs.log.info("%s: %d of %d", stage, done, of)


def echo(text: str, *, nl: bool = True) -> None:
    """Write to standard output, where a full disk is no fault of the monitor."""
    try:
        click.echo(shown(text), nl=nl)
    except BrokenPipeError:
        raise
    except OSError as fault:
        why = os.strerror(fault.errno or 0).lower()
        raise SightlineError(f"standard output cannot be written to: {why}") from None


def say(text: str = "") -> None:
    echo(text)


def as_json(value: Any) -> None:
    echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns in line, as wide as what stands in them; blanks for what is not there."""
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, (head, *column))) for head, *column in _columns(columns, cells)]
    for line in (list(columns), *cells):
        say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def state_of(home: "Home") -> "AbstractContextManager[State]":
    """The state of a monitor, closed at the end of the block; few commands need what it imports."""
    from sightline.warehouse.ledger import state

    return state.state_of(home)


def typed(
    context: click.Context,  # noqa: ARG001 (click gives it)
    option: click.Parameter,
    text: str | None,
) -> str | None:
    """Lets no text through that seems to hold something of a person, before anything is done."""
    from sightline.warehouse import typed_text

    return None if text is None else typed_text.check(text, option.opts[0])


def home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the monitor in --home DIR, in SIGHTLINE_HOME, or in the current folder, once
    its state, originals, facts and releases are found to belong together."""
    return _home_option(command, is_checked=True)


def any_home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for commands that say themselves what is wrong with a monitor."""
    return _home_option(command, is_checked=False)


def _home_option(command: Callable[..., Any], *, is_checked: bool) -> Callable[..., Any]:
    @click.option(
        "--home",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        envvar="SIGHTLINE_HOME",
        help="The monitor's folder; else that of SIGHTLINE_HOME, else the current one.",
    )
    @wraps(command)
    def wrapped(folder: Path, **options: Any) -> Any:
        from sightline.warehouse import belonging, home

        found = home.find(folder)
        logs.keep_in(found)
        if is_checked:
            belonging.check(found)
        with logs.bound(command=click.get_current_context().command_path):
            return command(home=found, **options)

    return wrapped


json_option = click.option("--json", "is_json", is_flag=True, help="Print JSON for a machine.")


def _say_more(_context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted:
        logs.say_more()


verbose_option = click.Option(
    ["-v", "--verbose"],
    is_flag=True,
    expose_value=False,
    callback=_say_more,
    help="Write every event to standard error, also into a file or a pipe.",
)


def _columns(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterable[tuple[str, ...]]:
    return zip(heads, *cells, strict=True) if cells else ((head,) for head in heads)


def cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
