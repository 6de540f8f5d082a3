"""One run at a time: a lock of the operating system, which dies with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse import clock
from warehouse.errors import Busy

_mine: set[Path] = set()


def is_held() -> bool:
    """Whether this process holds the lock of any monitor."""
    return bool(_mine)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock, or raise Busy naming who does; holding it twice in one process is one hold."""
    if path in _mine:
        yield
        return
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Busy(
                f"another run is going on ({file.read().strip()}); try again later"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} since {clock.in_london():%d %B %Y %H:%M}\n")
        file.flush()
        _mine.add(path)
        try:
            yield
        finally:
            _mine.discard(path)
