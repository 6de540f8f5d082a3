"""Kill this process on entering a function, as a power cut would: nothing is closed."""

import os
import signal
import sys


def kill_at(module: str, function: str, calls: int) -> None:
    """Watch from now on; the process ends at the given call of that function."""
    left = calls

    def watch(frame, event, _argument):
        nonlocal left
        if event != "call" or frame.f_code.co_name != function:
            return
        left -= frame.f_globals.get("__name__") == module
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
