"""Attempts at a run, however they end: who started one, and a record of one that ends by a fault.

The rows themselves are `sightline.warehouse.ledger.runs`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sightline.orchestration import stop_signals
from sightline.warehouse import database
from sightline.warehouse.belonging import NotTogether
from sightline.warehouse.database import StateDamaged
from sightline.warehouse.errors import ConfigurationError, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import runs
from sightline.warehouse.ledger.runs import Outcome

COMMAND_LINE = "command line"
BY_SCHEDULE, BY_SENSOR, BY_TAG = "dagster/schedule_name", "dagster/sensor_name", "started_by"
OF_EXIT_CODE: dict[int, Outcome] = {3: "configuration", 6: "busy", 8: "key"}
UNEXPECTED = 1
# A worker imports everything and reads the models before it begins: minutes on a small machine.
START_TIMEOUT = 300

log = logging.getLogger("sightline")


def started_by(tags: Mapping[str, str]) -> str:
    """Who started a run of Dagster's, from its tags."""
    if BY_SCHEDULE in tags:
        return "schedule"
    if BY_SENSOR in tags:
        return "inbox"
    return tags.get(BY_TAG, "pages")


@contextmanager
def recorded(home: Home, run_id: str, by: str) -> Iterator[None]:
    """An attempt that ends by a fault is recorded, however early that is."""
    try:
        yield
    except (NotTogether, StateDamaged):
        # Written to, an older ledger would soon have the numbers of the one that is lost.
        raise
    except SightlineError as fault:
        record(home, run_id, by, OF_EXIT_CODE.get(fault.exit_code, "failed"), fault.exit_code)
        raise
    except Exception:
        record(home, run_id, by, "failed", UNEXPECTED)
        raise
    except BaseException:
        record(home, run_id, by, "killed", stop_signals.code())
        raise


def record(home: Home, run_id: str, by: str, outcome: Outcome, exit_code: int | None) -> None:
    """Record an attempt that has no row yet or none with an outcome, beside whatever goes on.

    A state that is damaged or of an older layout is not written to; then only the log says so.
    """
    try:
        runs.record_ended(database.of(home.state_db), run_id, by, outcome, exit_code)
    except (runs.NotRecorded, ConfigurationError) as fault:
        log.warning("the attempt ended as %s, which could not be recorded: %s", outcome, fault)
