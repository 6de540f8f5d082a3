"""Where Dagster keeps its runs: in restricted/dagster, unless [dagster] says otherwise.

Dagster's storage is a log of runs and no more: where it is damaged it is moved aside, and a new
one begun.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.orchestration import dagster_storage
from sightline.orchestration.attempts import START_TIMEOUT
from sightline.warehouse import database
from sightline.warehouse.database import Server
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import load_settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

log = logging.getLogger("sightline")

HEAD = "# Written at each start from [dagster] in sightline.toml: change it there.\n"
TICKS = {"purge_after_days": {"skipped": 7, "success": 30, "failure": 90}}
DEFAULTS: dict[str, Any] = {
    "concurrency": {"runs": {"max_concurrent_runs": 1}},
    "run_monitoring": {
        "enabled": True,
        "start_timeout_seconds": START_TIMEOUT,
        "cancel_timeout_seconds": 120,
        "poll_interval_seconds": 30,
    },
    # The pages show what `sightline` says. What Dagster itself prints of a run is left out: it
    # quotes the text of faults, and goes where the output of `up` goes.
    "python_logs": {"managed_python_loggers": ["sightline"], "python_log_level": "CRITICAL"},
    "retention": {"schedule": TICKS, "sensor": TICKS},
}
# Nothing is reported to anybody, and the pages show no form of their makers.
ALWAYS = {"telemetry": {"enabled": False}, "nux": {"enabled": False}}
# Settings that Dagster does not take beside its newer `concurrency`.
OLDER_THAN_CONCURRENCY = {"run_queue", "run_coordinator"}
STORAGES = {"storage", "run_storage", "event_log_storage", "schedule_storage"}


def settings(home: Home) -> dict[str, Any]:
    """What dagster.yaml says: our defaults, what [dagster] decides, and what always holds."""
    given = load_settings(home).dagster
    logs = {
        "module": "dagster._core.storage.local_compute_log_manager",
        "class": "LocalComputeLogManager",
        "config": {"base_dir": str(home.dagster / "compute_logs")},
    }
    ours = {"compute_logs": logs, **DEFAULTS}
    state = database.of(home.state_db)
    if isinstance(state, Server) and not STORAGES & given.keys():
        # Beside the state, so that all machines that work on it see the same runs.
        ours["storage"] = {"postgres": {"postgres_url": state.for_dagster().as_url()}}
    if OLDER_THAN_CONCURRENCY & given.keys():
        del ours["concurrency"]
    return _merged(_merged(ours, given), ALWAYS)


def environment(home: Home) -> dict[str, str]:
    """What Dagster's processes need to know to work on this monitor; writes dagster.yaml."""
    path = home.dagster / "dagster.yaml"
    text = HEAD + json.dumps(settings(home), indent=2, default=str) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    return {
        "DAGSTER_HOME": str(home.dagster),
        "SIGHTLINE_HOME": str(home.root),
        "DO_NOT_TRACK": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def instance(home: Home, *, runs_here: bool = False) -> "DagsterInstance":
    """Dagster's storage of this monitor; for a run in this process what it prints is left to its
    terminal, and files stay open.

    Raises ConfigurationError where Dagster does not take what [dagster] says.
    """
    os.environ |= environment(home)
    from dagster import DagsterInstance, DagsterInvalidConfigError
    from dagster._core.instance.ref import InstanceRef

    dagster_storage.do_not_wait_for_the_disk()
    dagster_storage.make_place(home)
    try:
        ref = InstanceRef.from_dir(
            str(home.dagster), overrides=_for_a_run_here(home) if runs_here else {}
        )
        return DagsterInstance.from_ref(ref)
    except DagsterInvalidConfigError as fault:
        told = next((one.message.partition(" Expected:")[0] for one in fault.errors), str(fault))
        raise ConfigurationError(f"[dagster] in sightline.toml: {told}") from None


@contextmanager
def ready(home: Home) -> Iterator["DagsterInstance"]:
    """Under the run lock: Dagster's storage whole, and no run in it that only seems to go on.

    For a run in this process, whose output its terminal shows.
    """
    from sightline.orchestration import orphaned_runs

    if dagster_storage.damaged(home):
        set_aside(home)
    try:
        found = instance(home, runs_here=True)
        dagster_storage.bring_up_to_date(found, home)
        orphaned_runs.settle(found, home)
    except dagster_storage.StorageDamaged as fault:
        if not dagster_storage.is_damage(fault):
            raise
        set_aside(home)
        found = instance(home, runs_here=True)
    with found:
        yield found


def _for_a_run_here(home: Home) -> dict[str, Any]:
    quiet = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
    is_elsewhere = isinstance(database.of(home.state_db), Server)
    if is_elsewhere or STORAGES & load_settings(home).dagster.keys():
        return {"compute_logs": quiet}
    storage = {
        "module": "sightline.orchestration.event_storage",
        "class": "ForARunHere",
        "config": {"base_dir": str(home.dagster)},
    }
    return {"compute_logs": quiet, "storage": {"custom": storage}}


def set_aside(home: Home) -> Path:
    """Move Dagster's storage out of the way under a number, begin a new one, and say so."""
    number = 1
    while (aside := home.restricted / f"dagster-damaged-{number}").exists():
        number += 1
    home.dagster.rename(aside)
    home.dagster.mkdir(mode=0o700)
    environment(home)
    log.warning(
        "Dagster's log of runs is damaged: it was moved to %s and a new one begun;"
        " nothing that came or was published is concerned",
        aside,
    )
    return aside


def _merged(ours: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Table by table; a class of Dagster's that is named takes none of our arguments."""
    found = dict(ours)
    for name, value in given.items():
        both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
        found[name] = _merged(found[name], value) if both and "module" not in value else value
    return found
