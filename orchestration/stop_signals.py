"""Handle signals to stop: Ctrl+C, the end of a terminal or of a service.

Frameworks put handlers of their own in place while they run; what was asked for is known all the
same, and whoever holds the lock of a monitor lets go of it within seconds.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from sightline.orchestration import lock

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A run may be killed at any moment and harms nothing; this long it may try to end by itself.
SECONDS = 8.0
BY_SIGNAL = 128
AGAIN = 0.05

_asked: int | None = None


class Stopped(KeyboardInterrupt):
    """Raised wherever the process is when it is asked to stop."""


def listen() -> None:
    """From now on these signals end the process in order; one that is ignored stays so."""
    for one in SIGNALS:
        if signal.getsignal(one) != signal.SIG_IGN:
            signal.signal(one, _stop)
    sys.unraisablehook = partial(_swallowed, sys.unraisablehook)
    here, there = socket.socketpair()
    there.setblocking(False)
    signal.set_wakeup_fd(there.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(here,), daemon=True).start()


def asked() -> int | None:
    """The signal that has asked for the end, if one has."""
    return _asked


def code() -> int:
    """The exit code of a process that was asked to stop, as shells give it."""
    return BY_SIGNAL + (_asked or signal.SIGINT)


def end() -> NoReturn:
    """Leave at once: an orderly end of the interpreter waits for threads and processes that are
    still at work on what nobody wants any more."""
    os._exit(code())


def _stop(signal_number: int, _frame: object) -> NoReturn:
    global _asked
    _asked = signal_number
    raise Stopped


def _swallowed(
    otherwise: Callable[["sys.UnraisableHookArgs"], object], what: "sys.UnraisableHookArgs"
) -> None:
    """What asks for the end is lost where it meets a finalizer: ask again, once that is over."""
    if isinstance(what.exc_value, Stopped):
        again = threading.Timer(AGAIN, os.kill, (os.getpid(), _asked or signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        otherwise(what)


def _watch(here: socket.socket) -> None:
    global _asked
    while received := here.recv(1):
        if received[0] in SIGNALS:
            _asked = received[0]
            time.sleep(SECONDS)
            if lock.is_held():
                end()
