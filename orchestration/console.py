"""How the command line speaks: progress on standard error, results on standard output."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from orchestration import faults

LOGGER = "sightline"


def show_progress() -> None:
    """One line a step: with a clock for a person who watches, plain for a file or a pipe."""
    logger = logging.getLogger(LOGGER)
    logger.handlers.clear()
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(_live() if sys.stderr.isatty() else _plain())


def progress(stage: str, done: int, of: int) -> None:
    logging.getLogger(LOGGER).info("%s: %d of %d", stage, done, of)


def say(text: str = "") -> None:
    click.echo(text)


def as_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns in line, as wide as what stands in them; blanks for what is not there."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, (head, *column))) for head, *column in _columns(columns, cells)]
    for line in (list(columns), *cells):
        say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def state_of(home: Any) -> Any:
    """The state of a monitor, closed at the end of the block that it is opened for."""
    from contextlib import closing

    from warehouse.state import State

    return closing(State(home.state_db))


def home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the monitor in --home DIR, or in the current folder, once its state,
    originals, facts and releases are found to belong together."""
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
        help="The monitor's folder; the current one if not given.",
    )
    @wraps(command)
    def wrapped(folder: Path, **options: Any) -> Any:
        from warehouse import belonging, home

        found = home.find(folder)
        faults.keep_in(found.restricted)
        if is_checked:
            belonging.check(found)
        return command(home=found, **options)

    return wrapped


json_option = click.option("--json", "is_json", is_flag=True, help="Print JSON for a machine.")


def _plain() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _live() -> logging.Handler:
    from rich.console import Console
    from rich.logging import RichHandler

    console = Console(stderr=True)
    started = time.time()

    class Clock(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            minutes, seconds = divmod(int(record.created - started), 60)
            return f"{minutes:d}:{seconds:02d}  {record.getMessage()}"

    handler = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    handler.setFormatter(Clock())
    return handler


def _columns(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterable[tuple[str, ...]]:
    return zip(heads, *cells, strict=True) if cells else ((head,) for head in heads)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
