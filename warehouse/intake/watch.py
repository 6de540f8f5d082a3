"""Keep a worker from outliving the run that started it, also when that run is killed."""

import os
import signal
import threading
import time

SECONDS = 0.5


def end_with(parent: int) -> None:
    """End this process soon after its parent is gone, which alone answers a terminal's signals."""
    for one in (signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os._exit(1)
