"""One run at a time: a lock that dies with the process that holds it.

It is one of the operating system, or, where a server keeps the state, one of that server, which all
machines see.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sightline.warehouse import clock, database
from sightline.warehouse.database import Server
from sightline.warehouse.errors import Busy
from sightline.warehouse.home import Home

# Whoever only looks whether a run was killed holds the lock for milliseconds.
PATIENCE = 2.0
RUN_LOCK, UP_LOCK = "run.lock", "up.lock"
_STEP = 0.05


class Lock(Protocol):
    def taken(self) -> bool: ...

    def holder(self) -> tuple[str, int] | None: ...

    def check(self) -> None: ...

    def close(self) -> None: ...


_mine: dict[Path, Lock] = {}


def is_held() -> bool:
    """Whether this process holds the lock of runs of any monitor."""
    return any(path.name == RUN_LOCK for path in _mine)


def check() -> None:
    """Raises Unreachable where a lock that this process took is its own no more."""
    for lock in _mine.values():
        lock.check()


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
    with closing(_lock(path)) as lock:
        until = time.monotonic() + patience
        while not lock.taken():
            if time.monotonic() >= until:
                words, _ = lock.holder() or ("it has just ended", 0)
                raise Busy(otherwise.format(words))
            time.sleep(_STEP)
        _mine[path] = lock
        try:
            yield True
        finally:
            del _mine[path]


def holder(path: Path) -> int | None:
    """The process that holds the lock now, 0 where it is none of this machine, None when it is
    free."""
    if path in _mine:
        return os.getpid()
    with closing(_lock(path)) as lock:
        found = lock.holder()
    return found and found[1]


def _lock(path: Path) -> Lock:
    """By its place in the folder of a monitor, the lock that holds for it."""
    state = database.of(Home(path.parent.parent).state_db)
    return state.lock(path.name) if isinstance(state, Server) else _FileLock(path)


class _FileLock:
    """A lock of the operating system, with a file that says who holds it."""

    def __init__(self, path: Path) -> None:
        self._path, self._handle = path, -1

    def taken(self) -> bool:
        if self._handle < 0:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        if not _locked(self._handle):
            return False
        since = f"process {os.getpid()} since {clock.in_london():%d %B %Y %H:%M}\n"
        os.ftruncate(self._handle, 0)
        os.write(self._handle, since.encode())
        return True

    def holder(self) -> tuple[str, int] | None:
        if not self._path.exists():
            return None
        with self._path.open("a+", encoding="utf-8") as file:
            if _locked(file.fileno()):
                return None
        text = self._path.read_text(encoding="utf-8").strip()
        words = text.split()
        return text, int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def check(self) -> None:
        """It is ours for as long as this process lives."""

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
