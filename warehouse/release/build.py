"""Build the draft of a release from the work file: database, Parquet, CSV tables and a manifest.

Only what `published/tables.yml` lists leaves the restricted zone, after disclosure control.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from warehouse.connection import safe_config
from warehouse.errors import GateFailed
from warehouse.home import Home
from warehouse.ledger import submissions as ledger
from warehouse.ledger.state import State, alert_events, alerts, backtests, problems, submissions
from warehouse.release import disclosure
from warehouse.release.store import DATABASE, MANIFEST, Draft, verify_database
from warehouse.release.tables import create, published_tables, select_of

STORAGE_VERSION = "v1.5.0"  # readable by the clients that analysts have: 1.5 and later

# How each time basis is written in explore education statistics.
ACADEMIC_YEAR = (
    "format('{:d}{:02d}', year(period_start - interval 8 month),"
    " (year(period_start - interval 8 month) + 1) % 100)"
)
TIME_BASES = {
    "month": ("cast(year(period_start) as varchar)", "monthname(period_start)"),
    "term": (
        ACADEMIC_YEAR,
        "case when month(period_start) >= 9 then 'Autumn term'"
        " when month(period_start) >= 4 then 'Summer term' else 'Spring term' end",
    ),
    "financial_year": ("cast(year(period_end) as varchar)", "'Reporting year'"),
    "academic_year": (ACADEMIC_YEAR, "'Academic year'"),
    "week": ("cast(isoyear(period_start) as varchar)", "'Week ' || week(period_start)"),
    "quarter": (
        "cast(year(period_start - interval 3 month) as varchar)"
        " || right(cast(year(period_start - interval 3 month) + 1 as varchar), 2)",
        "'Financial year Q' || quarter(period_start - interval 3 month)",
    ),
    "year_to_date": (ACADEMIC_YEAR, "'Academic year to date'"),
    "mid_year": ("cast(year(period_end) as varchar)", "'Mid-year'"),
}


def build(
    home: Home,
    work_db: Path,
    state: State,
    *,
    release_id: str,
    as_of: date,
    built_at: datetime,
    code_version: str,
    alerts_rows: Iterable[Mapping[str, Any]],
    alert_events_rows: Iterable[Mapping[str, Any]],
    simulated: bool,
    looks_back: bool = False,
) -> Draft:
    """Write published/releases/.draft-<id>/ and check it; GateFailed when it does not hold."""
    folder = _fresh_folder(home, release_id)
    release = {
        "release_id": release_id,
        "as_of": as_of,
        "built_at": built_at.replace(tzinfo=None),
        "code_version": code_version,
        "simulated": simulated,
    }
    with _workshop(home) as connection:
        connection.execute(f"attach '{_path(work_db)}' as work (read_only)")
        connection.execute(
            f"attach '{_path(folder / DATABASE)}' as published "
            f"(storage_version '{STORAGE_VERSION}')"
        )
        _control_trends(connection)
        _register_ledger(connection, state, as_of)
        _register(connection, "alerts_given", alerts, alerts_rows)
        _register(connection, "events_given", alert_events, alert_events_rows)
        connection.register("release_given", pa.Table.from_pylist([release]))
        for table in published_tables():
            create(connection, table, ROWS.get(table.name) or select_of(table.name))
        _create_views(connection)
        _write_files(connection, folder)
        sources = _sources(connection)
        connection.execute("detach published")
    counts, found = verify_database(folder / DATABASE)
    manifest = {
        **release,
        "looks_back": looks_back,
        "content_hash": found,
        "storage_version": STORAGE_VERSION,
        "tables": counts,
        "sources": sources,
    }
    (folder / MANIFEST).write_text(
        json.dumps(manifest, default=str, indent=2) + "\n", encoding="utf-8"
    )
    return Draft(
        release_id, folder, as_of, built_at, code_version, simulated, found, counts
    )  # fmt: skip


ROWS = {
    "trends": "select * from controlled",
    "release": "select * from release_given",
}


def _fresh_folder(home: Home, release_id: str) -> Path:
    if not re.fullmatch(r"[\w.-]+", release_id) or release_id.startswith("."):
        raise ValueError(f"{release_id!r} cannot be the name of a release")
    folder = home.releases / f".draft-{release_id}"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def _workshop(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Memory, spilling inside restricted/: nothing uncontrolled touches published/."""
    spill = home.restricted / "spill"
    spill.mkdir(mode=0o700, exist_ok=True, parents=True)
    config = {**safe_config(), "temp_directory": str(spill)}
    with duckdb.connect(":memory:", config=config) as connection:
        yield connection


def _control_trends(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create temp macro figure(x, decimals) as case when isfinite(x) then round(x, decimals) end"
    )
    connection.execute(f"create temp table uncontrolled as {select_of('trends')}")
    given = connection.execute("select count(*) from work.marts.fct_values").fetchone()
    if given != connection.execute("select count(*) from uncontrolled").fetchone():
        raise GateFailed("joining the signals to the indicator values lost or repeated a row")
    disclosure.control(connection)


def _register_ledger(connection: duckdb.DuckDBPyConnection, state: State, as_of: date) -> None:
    """The ledger as it was known at a date."""
    connection.execute(
        "create temp macro rounded(n) as "
        "case when n = 0 then 0 when n < 15 then 10 else cast(round(n / 10.0) * 10 as integer) end"
    )
    with state.read() as reading:
        _register(connection, "ledger", submissions, ledger.as_known(reading, as_of))
        found = [dict(row) for row in reading.execute(sa.select(problems)).mappings()]
        _register(connection, "problems", problems, found)
        tested = [dict(row) for row in reading.execute(sa.select(backtests)).mappings()]
        _register(connection, "backtests_given", backtests, tested)


def _register(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: sa.Table,
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Rows of a table of the state as a relation of that table's types, whatever they hold."""
    fields = pa.schema([(column.name, _arrow_type(column.type)) for column in table.columns])
    held = [{field: _plain(row.get(field)) for field in fields.names} for row in rows]
    connection.register(name, pa.Table.from_pylist(held, schema=fields))


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


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    view = select_of("ees")
    for period_type, (time_period, time_identifier) in TIME_BASES.items():
        connection.execute(
            view.format(
                period_type=period_type, time_period=time_period, time_identifier=time_identifier
            )
        )
        connection.execute(
            f"comment on view published.ees_{period_type} is 'Trends by {period_type} in the "
            "column names of explore education statistics; markers stand in place of figures.'"
        )


def _write_files(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    (folder / "parquet").mkdir()
    (folder / "tables").mkdir()
    for table in published_tables():
        target = _path(folder / "parquet" / f"{table.name}.parquet")
        connection.execute(
            f"copy (from published.{table.name}) to '{target}' (format parquet, compression zstd)"
        )
    held = connection.execute(
        "select distinct indicator, period_type from published.trends order by all"
    ).fetchall()
    for indicator, period_type in held:
        target = _path(folder / "tables" / f"{indicator}_{period_type}.csv")
        connection.execute(
            f"copy (from published.ees_{period_type} where indicator = '{indicator}') "
            f"to '{target}' (header)"
        )


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = connection.execute(
        """
        select extract, count(*) as submissions, min(period_start) as first_period,
            max(period_end) as last_period, max(received_on) as newest_received_on
        from published.submissions
        where is_in_force
        group by extract
        order by extract
        """
    )
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _path(path: Path) -> str:
    return str(path).replace("'", "''")
