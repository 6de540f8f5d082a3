"""The SQL of the models without dbt: rendered, and for what is published also run."""

import importlib.util
from functools import cache, partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb
import jinja2

from sightline.orchestration import dbt_macros
from sightline.orchestration.dbt_runner import PROJECT
from sightline.warehouse.release.tables import published_tables

SEEDS = ("area_successions", "estimates", "joint_returns", "statistical_neighbours")
# What dbt calls by another name than the one that it has in the work file.
NAMES = {
    "detection.": "marts.",
    "published_": "published.",
    "dim_": "marts.dim_",
    "fct_": "marts.fct_",
}


@cache
def model(path: Path, *, on_spark: bool = False) -> str:
    """The SQL of a model, with relations named as in the work file."""
    return _environment(on_spark=on_spark).from_string(path.read_text()).render()


def macros_on_spark() -> SimpleNamespace:
    """dbt's cross-database macros as Spark has them: what the project says, else as in DuckDB."""
    own: Any = _environment(on_spark=False).globals
    return SimpleNamespace(
        date_trunc=_cross_database_macros().date_trunc,
        dateadd=own["spark__dateadd"],
        datediff=own["spark__datediff"],
        type_string=lambda: "string",
    )


def published(table: str) -> str:
    """The SQL of a published model by the name of its table."""
    return model(PROJECT / "models" / "published" / f"published_{table}.sql")


def publish(connection: duckdb.DuckDBPyConnection) -> None:
    """Make every published table in its declared types, as dbt does under its contract."""
    connection.execute("create schema if not exists published")
    for table in published_tables():
        connection.execute(f"create or replace table published.{table.name} ({table.definition()})")
        connection.execute(f"insert into published.{table.name} by name {published(table.name)}")


@cache
def _environment(*, on_spark: bool) -> jinja2.Environment:
    """Macros are compiled once for all models."""
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 (SQL)
    lists = {name: partial(lambda held: held, held) for name, held in dbt_macros.lists().items()}
    environment.globals |= lists | {
        "dbt": macros_on_spark() if on_spark else _cross_database_macros(),
        "source": lambda schema, table: _named(f"{schema}.{table}"),
        "ref": _named,
        "config": lambda **_: "",
    }
    files = set(PROJECT.glob("macros/*.sql")) - {dbt_macros.FILE}
    macros = "".join(file.read_text() for file in sorted(files))
    environment.globals |= vars(environment.from_string(macros).module)
    return environment


def _named(relation: str) -> str:
    for prefix, instead in NAMES.items():
        if relation.startswith(prefix):
            return instead + relation.removeprefix(prefix)
    return f"reference.{relation}" if relation in SEEDS else relation


def _cross_database_macros() -> ModuleType:
    """What the linter takes for dbt's cross-database macros."""
    spec = importlib.util.spec_from_file_location("dbt", PROJECT / "lint" / "dbt.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
