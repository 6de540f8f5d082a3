"""A time by which a conversation has to be over, however slowly the other side speaks."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LOOK_AGAIN = 0.2  # seconds


class Deadline:
    """Shuts the sockets that it watches once its time is over, so that whoever waits wakes up."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._seconds = seconds
        self._done = threading.Event()
        self._sockets: list[Callable[[], socket.socket | None]] = []

    def watch(self, connection: Callable[[], socket.socket | None]) -> None:
        """`connection` gives the socket as it is then, none before it is there."""
        self._sockets.append(connection)

    def _keep(self) -> None:
        wait = self._seconds
        while not self._done.wait(wait):
            self.is_over, wait = True, LOOK_AGAIN
            for connection in self._sockets:
                with suppress(OSError):
                    if found := connection():
                        found.shutdown(socket.SHUT_RDWR)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """A deadline for what the block does."""
    deadline = Deadline(seconds)
    keeper = threading.Thread(target=deadline._keep, daemon=True)
    keeper.start()
    try:
        yield deadline
    finally:
        deadline._done.set()
        keeper.join()
