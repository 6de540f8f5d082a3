"""Unexpected faults: a traceback can quote what was being read, so it stays in restricted/logs/."""

import traceback
from pathlib import Path

from orchestration import logs
from warehouse import clock

TRACEBACKS = "faults-{}.txt"


def told(fault: Exception) -> str:
    """What may be said of it anywhere: its kind, and where the rest is kept or it came up."""
    logs.log.error("unexpected fault", exc_info=fault, extra={"is_said": True})
    kind, path = type(fault).__name__, kept(fault)
    if path:
        return f"sightline: unexpected {kind}; {path} says more"
    return f"sightline: unexpected {kind}\n{''.join(traceback.format_tb(fault.__traceback__))}"


def kept(fault: BaseException) -> Path | None:
    """The file of the day that its traceback was added to; None where there is none."""
    at = clock.now()
    head = f"{at.isoformat(timespec='milliseconds')}Z\n"
    return logs.append(TRACEBACKS, at, head + "".join(traceback.format_exception(fault)))
