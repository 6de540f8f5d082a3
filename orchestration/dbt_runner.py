"""Run dbt inside this process, with everything that it writes under restricted/dbt."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.orchestration import spark
from sightline.warehouse import handing_over
from sightline.warehouse.connection import max_spill, memory_limit, threads
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, load_settings

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

PROJECT = Path(__file__).parents[1] / "dbt_project"
DUCKDB, SPARK = "duckdb", "spark"
# The published models read what detection writes, so they are built after it, in a second go.
PUBLISHED = "sightline.published"
BROKEN = {"error", "fail", "runtime error", "partial success"}
SEEDS, STAGING, TESTS = "resource_type:seed", "sightline.staging", "resource_type:test"
_parsed: dict[Path, Any] = {}


def parse(home: Home) -> Any:
    """The manifest of the models; quick when nothing has changed since the last parse."""
    _parsed[home.root] = _parse(home)
    return _parsed[home.root]


def parsed(home: Home) -> Any:
    """The manifest that this process works with, parsed if it has not been yet."""
    return _parsed.get(home.root) or parse(home)


def build(
    home: Home, manifest: Any, *, tests: bool = True, published: bool = False
) -> Sequence[Any]:
    """Every seed, model and test but the published ones, or else these alone.

    Results come in the order in which they ran. `manifest` is that of DuckDB, by which the
    published models are always built, and all others unless the settings say Spark.
    """
    chosen = ["--select" if published else "--exclude", PUBLISHED]
    settings = load_settings(home)
    if settings.engine == "spark" and not published:
        return _built_on_spark(home, settings, manifest, tests=tests)
    return _built(home, manifest, *chosen, tests=tests)


def _built(home: Home, manifest: Any, *chosen: str, tests: bool) -> Sequence[Any]:
    """On DuckDB, in one go."""
    left_out = ["unit_test", "exposure"] if tests else ["unit_test", "exposure", "test"]
    kinds = [word for kind in left_out for word in ("--exclude-resource-type", kind)]
    try:
        return _results(_invoke(home, ["build", "--no-write-json", *chosen, *kinds], manifest))
    finally:
        _let_go()


def _built_on_spark(home: Home, settings: Settings, manifest: Any, *, tests: bool) -> Sequence[Any]:
    """Spark makes the tables; seeds and the views of staging are DuckDB's, and so are the tests,
    which ask what came back.

    Where Spark cannot make one, DuckDB makes them all, since it knows to tell whose rows are at
    fault; if it finds nothing wrong, the fault is Spark's.
    """
    before = _built(home, manifest, "--select", SEEDS, STAGING, tests=False)
    if _is_broken(before):
        return before
    with spark.session(home, settings) as folder:
        handing_over.give(home, settings, folder)
        models = _parse(home, SPARK)
        if not _invoke(home, ["run-operation", "take_over"], models, SPARK).success:
            raise GateFailed("dbt: Spark could not be told where the rows are")
        run = ["run", "--no-write-json", "--exclude", PUBLISHED]
        made = _results(_invoke(home, run, models, SPARK))
        if not _is_broken(made):
            handing_over.take_back(home, settings, folder)
    if _is_broken(made):
        here = _built(home, manifest, "--exclude", PUBLISHED, tests=tests)
        return here if _is_broken(here) else made
    views = {result.node.unique_id for result in before}
    tables = [one for one in made if one.node.unique_id not in views]
    checked = (
        _built(home, manifest, "--select", TESTS, "--exclude", PUBLISHED, tests=True)
        if tests
        else ()
    )
    return [*before, *tables, *checked]


def _results(outcome: Any) -> list[Any]:
    """Raises GateFailed where dbt failed and says of nothing that it did."""
    results = list(outcome.result.results) if outcome.result is not None else []
    if results and not outcome.success and not _is_broken(results):
        raise GateFailed("dbt: it failed, and named nothing that did")
    return results


def _is_broken(results: Sequence[Any]) -> bool:
    return any(str(one.status) in BROKEN for one in results)


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


def _parse(home: Home, target: str = DUCKDB) -> Any:
    with (home.dbt / "parse.lock").open("w") as lock:
        # A page of Dagster may be loading its definitions beside a run; both write one cache.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _invoke(home, ["parse"], None, target).result


def _invoke(home: Home, arguments: list[str], manifest: Any = None, target: str = DUCKDB) -> Any:
    _say_where(home)
    from dbt.cli.main import dbtRunner

    flags = ["--quiet", "--log-level", "none", "--log-level-file", "info", "--no-use-colors"]
    written = home.dbt / ("target" if target == DUCKDB else f"target-{target}")
    places = ["--target-path", str(written), "--log-path", str(home.dbt / "logs")]
    project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", target]
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
        "DBT_SPARK_FOLDER": str(spark.folder_of(home, settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _let_go() -> None:
    # The adapter keeps the work file open for the life of the process.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]  # no types
