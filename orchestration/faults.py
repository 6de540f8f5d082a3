"""Unexpected faults: a traceback can quote what was being read, so it stays in restricted/logs/."""

import traceback
from pathlib import Path

from sightline.orchestration import logs
from sightline.warehouse import clock
from sightline.warehouse.errors import Busy, SightlineError

TRACEBACKS = "faults-{}.txt"
LOCKED = {5, 6}
"""How SQLite numbers what another holds."""


def explained(fault: Exception) -> SightlineError | None:
    """What one sentence can say of a fault that nobody raised on purpose: a database that is
    damaged or in another's hands, or what the machine lacks."""
    from sightline.warehouse.belonging import damage_in
    from sightline.warehouse.machine import machine_fault

    if _code(fault) & 0xFF in LOCKED:
        return Busy("another process has been writing to a database of this monitor; try again")
    return damage_in(fault) or machine_fault(fault, *logs.places())


def _code(fault: Exception) -> int:
    """The number of a fault of SQLite, as it is or as SQLAlchemy hands it on."""
    return getattr(getattr(fault, "orig", fault), "sqlite_errorcode", None) or 0


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
