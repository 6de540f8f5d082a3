"""One line an event, and the one place that says where lines go.

A person at a terminal reads along. A file or a pipe gets JSON, of warnings alone unless more is
asked for. restricted/logs/ keeps everything, a file a day. A line names run, step, sender,
submission and rule; it never holds a value, the name of a file or the text of a fault.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from sightline.warehouse import clock
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import shown

if TYPE_CHECKING:
    from rich.logging import RichHandler

    from sightline.warehouse.home import Home

NAME = "sightline"
LINES = "sightline-{}.jsonl"
CONTEXT = ("run", "number", "command", "step")
DETAILS = ("sender", "submission", "rule", "channel")
OURS = (
    "expectations",
    "monitoring",
    "orchestration",
    "report",
    "senders",
    "simulation",
    "warehouse",
)
ROOT = Path(__file__).parents[1]

log = logging.getLogger(NAME)
# One run goes on in a process at a time, and threads of its own speak for it too.
_context: dict[str, Any] = {}
_home: "Home | None" = None


def begin() -> None:
    """From now on what happens in this process is written down; again, it changes nothing.

    Again where a run begins, since Dagster then gives the logger another level.
    """
    log.setLevel(logging.INFO)
    # Each time, since `warnings.catch_warnings` puts back what it met.
    warnings.showwarning = _warned
    if any(isinstance(one, Lines) for one in log.handlers):
        return
    lines = Lines()
    # First, since Dagster's handler rewrites what passes through it.
    log.handlers.insert(0, lines)
    logging.getLogger().addHandler(lines)


def keep_in(home: "Home") -> None:
    """This process works on this monitor now: its settings hold, its folder keeps the lines."""
    global _home
    if _home != home:
        _home = home
        for one in _ours():
            one.level_asked = None


def folder() -> Path | None:
    """Where what is written down is kept; None while no monitor is known."""
    return _home.logs if _home and _home.restricted.is_dir() else None


def places() -> tuple[Path, ...]:
    """The folders of the monitor that this process works on; none where there is none."""
    return _home.places if _home else ()


def say_more() -> None:
    """Also in a file or a pipe, lines of ordinary progress are wanted."""
    for one in _ours():
        one.is_verbose = True


@contextmanager
def bound(**names: Any) -> Iterator[None]:
    """Every line that is written meanwhile carries these, among `CONTEXT`."""
    before = dict(_context)
    _context.update(names)
    try:
        yield
    finally:
        _context.clear()
        _context.update(before)


def append(kind: str, at: datetime, text: str) -> Path | None:
    """Add to a file of that day (UTC) which only we can read; None where that cannot be done.

    One write a call, so that processes that write at once do not mix their lines.
    """
    kept_in = folder()
    if kept_in is None:
        return None
    path = kept_in / kind.format(at.date().isoformat())
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    try:
        kept_in.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, flags, 0o600)
        try:
            os.write(handle, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(handle)
    except OSError:
        return None
    return path


def described(record: logging.LogRecord, at: datetime) -> dict[str, Any]:
    """What a line says, in the order in which it says it."""
    told: dict[str, Any] = {
        "time": f"{at.isoformat(timespec='milliseconds')}Z",
        "level": record.levelname.lower(),
    }
    told |= {name: getattr(record, name, _context.get(name)) for name in (*CONTEXT, *DETAILS)}
    told["message"] = _message(record)
    if record.exc_info and record.exc_info[1]:
        told |= fault_in_words(record.exc_info[1])
    return {name: value for name, value in told.items() if value is not None}


def fault_in_words(fault: BaseException) -> dict[str, str]:
    """Of what kind it is and where in our code it came up; its text may quote what was read."""
    return {"fault": type(fault).__name__, "where": _where(fault.__traceback__)}


class Lines(logging.Handler):
    """Writes each event once to each place where it belongs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.is_verbose = False
        self.level_asked: int | None = None
        self._screen: RichHandler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        is_seen = hasattr(record, "is_written")
        record.is_written = True
        if is_seen or (record.name != NAME and record.levelno < logging.WARNING):
            return
        at = clock.now()
        line = json.dumps(described(record, at), default=str) + "\n"
        append(LINES, at, line)
        if getattr(record, "is_said", False):
            return
        if sys.stderr.isatty():
            # What became of a submission stands in the report at the end.
            if not hasattr(record, "submission") or self.is_verbose:
                self._live().emit(record)
        elif self.is_verbose or record.levelno >= self._level():
            _write(sys.stderr, line)

    def _level(self) -> int:
        if self.level_asked is None:
            self.level_asked = _level_of(_home)
        return self.level_asked

    def _live(self) -> "RichHandler":
        if self._screen is None:
            self._screen = _screen()
        return self._screen


def _message(record: logging.LogRecord) -> str:
    """What others write may quote what they work on: it is told that they did, and where."""
    if record.name == NAME:
        return record.getMessage()
    return f"{record.name} has something to say ({_short(record.pathname)}:{record.lineno})"


def _ours() -> Iterator[Lines]:
    return (one for one in log.handlers if isinstance(one, Lines))


def _level_of(home: "Home | None") -> int:
    """What the settings ask for; the default where they cannot be read."""
    from sightline.warehouse.settings import Settings, load_settings

    try:
        settings = load_settings(home) if home else Settings()
    except SightlineError:
        settings = Settings()
    return logging.getLevelNamesMapping()[settings.log_level.upper()]


def _write(stream: TextIO, line: str) -> None:
    """Nobody may be listening any more; that stops no run."""
    try:
        stream.write(shown(line))
        stream.flush()
    except (OSError, ValueError):
        return


def _screen() -> "RichHandler":
    from rich.console import Console
    from rich.logging import RichHandler

    class Clock(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            minutes, seconds = divmod(int(record.relativeCreated / 1000), 60)
            return f"{minutes:d}:{seconds:02d}  {_message(record)}"

    console = Console(stderr=True)
    screen = RichHandler(console=console, show_time=False, show_level=False, show_path=False)
    screen.setFormatter(Clock())
    return screen


def _warned(
    message: Warning | str,  # noqa: ARG001 (Python gives it)
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 (Python gives it)
    line: str | None = None,  # noqa: ARG001 (Python gives it)
) -> None:
    """A warning of Python: of what kind and where, for its text may quote what was read."""
    log.warning("%s at %s:%d", category.__name__, _short(filename), lineno)


def _where(trace: TracebackType | None) -> str:
    """The innermost line of our own code."""
    found = "?"
    while trace:
        name = trace.tb_frame.f_code.co_filename
        if _short(name).split("/")[0] in OURS:
            found = f"{_short(name)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _short(filename: str) -> str:
    path = Path(filename)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
