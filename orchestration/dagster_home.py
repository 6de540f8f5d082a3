"""Where Dagster keeps its runs: SQLite in restricted/dagster, telemetry off, one run at a time."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from warehouse.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

SETTINGS = """\
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
python_logs:
  managed_python_loggers: [sightline]
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def environment(home: Home) -> dict[str, str]:
    """What Dagster's processes need to know to work on this monitor."""
    path = home.dagster / "dagster.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != SETTINGS:
        path.write_text(SETTINGS, encoding="utf-8")
    return {
        "DAGSTER_HOME": str(home.dagster),
        "SIGHTLINE_HOME": str(home.root),
        "DO_NOT_TRACK": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def instance(home: Home) -> "DagsterInstance":
    os.environ |= environment(home)
    from dagster import DagsterInstance

    if not sa.event.contains(sa.Engine, "connect", _do_not_wait_for_the_disk):
        sa.event.listen(sa.Engine, "connect", _do_not_wait_for_the_disk)
    return DagsterInstance.get()


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    """Dagster commits several times an event. Its log of runs may be lost with the power; our
    own state may not, and keeps waiting."""
    [(_, _, path), *_] = connection.execute("pragma database_list").fetchall()
    if Path(path).is_relative_to(os.environ["DAGSTER_HOME"]):
        connection.execute("pragma synchronous = off")
