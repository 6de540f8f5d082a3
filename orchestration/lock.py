"""One run at a time: a lock of the operating system, which dies with the process that holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.warehouse import clock
from sightline.warehouse.errors import Busy

# Whoever only looks whether a run was killed holds the lock for milliseconds.
PATIENCE = 2.0
RUN_LOCK = "run.lock"
_STEP = 0.05
_mine: set[Path] = set()


def is_held() -> bool:
    """Whether this process holds the lock of runs of any monitor."""
    return any(path.name == RUN_LOCK for path in _mine)


@contextmanager
def held(
    path: Path,
    *,
    patience: float = PATIENCE,
    otherwise: str = "another run is going on ({}); try again later",
) -> Iterator[bool]:
    """Hold the lock; holding it twice in one process is one hold, and gives False.

    Raises Busy, naming who holds it, when it is not free within `patience` seconds.
    """
    if path in _mine:
        yield False
        return
    with path.open("a+", encoding="utf-8") as file:
        if not _taken(file.fileno(), patience):
            raise Busy(otherwise.format(_holder(path)))
        file.truncate(0)
        file.write(f"process {os.getpid()} since {clock.in_london():%d %B %Y %H:%M}\n")
        file.flush()
        _mine.add(path)
        try:
            yield True
        finally:
            _mine.discard(path)


def holder(path: Path) -> int | None:
    """The process that holds the lock now, or None when it is free."""
    if path in _mine:
        return os.getpid()
    if not path.exists():
        return None
    with path.open("a+", encoding="utf-8") as file:
        if _taken(file.fileno(), 0.0):
            return None
    words = _holder(path).split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def _taken(handle: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_STEP)
        else:
            return True


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
