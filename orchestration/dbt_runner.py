"""Run dbt inside this process: one parse, one build, everything it writes under restricted/dbt."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.warehouse.connection import max_spill, memory_limit, threads
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.home import Home
from sightline.warehouse.settings import load_settings

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

PROJECT = Path(__file__).parents[1] / "dbt_project"
# The published models read what detection writes, so they are built after it, in a second go.
PUBLISHED = "sightline.published"
BROKEN = {"error", "fail", "runtime error", "partial success"}
_parsed: dict[Path, Any] = {}


def parse(home: Home) -> Any:
    """The manifest of the models; quick when nothing has changed since the last parse."""
    with (home.dbt / "parse.lock").open("w") as lock:
        # A page of Dagster may be loading its definitions beside a run; both write one cache.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _parsed[home.root] = _invoke(home, ["parse"]).result
    return _parsed[home.root]


def parsed(home: Home) -> Any:
    """The manifest that this process works with, parsed if it has not been yet."""
    return _parsed.get(home.root) or parse(home)


def build(
    home: Home, manifest: Any, *, tests: bool = True, published: bool = False
) -> Sequence[Any]:
    """Every seed, model and test but the published ones, or else these alone, in one go.

    Results come in the order in which they ran.
    """
    left_out = ["unit_test", "exposure"] if tests else ["unit_test", "exposure", "test"]
    kinds = [word for kind in left_out for word in ("--exclude-resource-type", kind)]
    chosen = ["--select" if published else "--exclude", PUBLISHED]
    try:
        outcome = _invoke(home, ["build", "--no-write-json", *chosen, *kinds], manifest)
    finally:
        _let_go()
    results = list(outcome.result.results) if outcome.result is not None else []
    if results and not outcome.success and not any(str(one.status) in BROKEN for one in results):
        raise GateFailed("dbt: it failed, and named nothing that did")
    return results


def documented(home: Home) -> Path:
    """The folder with dbt's documentation of all models, without a look into any database."""
    try:
        _invoke(home, ["docs", "generate", "--static", "--empty-catalog"], parse(home))
    finally:
        _let_go()
    return home.dbt / "target"


def project(home: Home) -> "DbtProject":
    """The project as dagster-dbt knows it; what it writes lies with the monitor."""
    from dagster_dbt import DbtProject

    return DbtProject(PROJECT, target_path=home.dbt / "target", profiles_dir=PROJECT)


def _invoke(home: Home, arguments: list[str], manifest: Any = None) -> Any:
    _say_where(home)
    from dbt.cli.main import dbtRunner

    flags = ["--quiet", "--log-level", "none", "--log-level-file", "info", "--no-use-colors"]
    places = ["--target-path", str(home.dbt / "target"), "--log-path", str(home.dbt / "logs")]
    project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    outcome = dbtRunner(manifest=manifest).invoke([*flags, *arguments, *places, *project])
    if outcome.exception is not None:
        raise outcome.exception
    return outcome


def _say_where(home: Home) -> None:
    settings = load_settings(home)
    os.environ |= {
        "DBT_WORK_FILE": str(home.work_db),
        "DBT_MEMORY_LIMIT": memory_limit(settings),
        "DBT_MAX_SPILL": f"{max_spill(home, settings)}B",
        "DBT_WORK_THREADS": str(threads(settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _let_go() -> None:
    # The adapter keeps the work file open for the life of the process.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]  # no types
