"""What the published models read beside the marts: the ledger, the alerts and the release itself.

It is copied into the schema `state` of the work file, as it was known at a date; dbt knows it as
the source `state`.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import (
    State,
    alert_events,
    alerts,
    backtests,
    problems,
    submissions,
)
from sightline.warehouse.release import previous

# Names of files are their senders' own words, and no published table has a use for them.
LEFT_OUT = {"original_name", "landing_name", "file_name", "first_error"}
# What proves an alert's change and who made it has no use there either.
LEFT_OUT |= {"alert", "account", "digest"}


def write(
    connection: duckdb.DuckDBPyConnection,
    state: State,
    release: Mapping[str, Any],
    alerts_rows: Iterable[Mapping[str, Any]],
    alert_events_rows: Iterable[Mapping[str, Any]],
    before: Path | None = None,
) -> None:
    """Write the tables of the schema `state`; `release` is what `release_row` gives, `before` the
    published file of the release to compare with."""
    connection.execute("create schema if not exists state")
    with state.read() as reading:
        known = ledger.as_known(reading, release["as_of"])
        _write(connection, submissions, known)
        for table in (problems, backtests):
            rows = reading.execute(sa.select(table)).mappings()
            _write(connection, table, [dict(row) for row in rows])
    _write(connection, alerts, alerts_rows)
    _write(connection, alert_events, alert_events_rows)
    _replace(connection, "release", pa.Table.from_pylist([dict(release)]))
    previous.hand_over(connection, before)


def release_row(
    release_id: str, as_of: date, built_at: datetime, code_version: str, *, simulated: bool
) -> dict[str, Any]:
    """The one row that says which release it is; times are UTC."""
    return {
        "release_id": release_id,
        "as_of": as_of,
        "built_at": built_at.replace(tzinfo=None),
        "code_version": code_version,
        "simulated": simulated,
    }


def _write(
    connection: duckdb.DuckDBPyConnection, table: sa.Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Rows of a table of the state, in that table's types, whatever they hold."""
    columns = [column for column in table.columns if column.name not in LEFT_OUT]
    fields = pa.schema([(column.name, _arrow_type(column.type)) for column in columns])
    plain = [{field: _plain(row.get(field)) for field in fields.names} for row in rows]
    _replace(connection, table.name, pa.Table.from_pylist(plain, schema=fields))


def _replace(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("rows_given", rows)
    connection.execute(f"create or replace table state.{name} as from rows_given")
    connection.unregister("rows_given")


def _arrow_type(kind: Any) -> pa.DataType:
    by_kind = {
        sa.Integer: pa.int64(),
        sa.Date: pa.date32(),
        sa.Boolean: pa.bool_(),
        sa.Float: pa.float64(),
    }
    return by_kind.get(type(kind), pa.string())


def _plain(value: Any) -> Any:
    return (
        json.dumps(value, sort_keys=True, default=str) if isinstance(value, dict | list) else value
    )
