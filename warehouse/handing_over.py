"""Rows on their way to another engine and back, as Parquet: it is given what the models read, and
what it makes of that becomes tables of the work file, as if it had been made there."""

from pathlib import Path

from sightline.warehouse.connection import connect
from sightline.warehouse.home import Home
from sightline.warehouse.quoting import quoted
from sightline.warehouse.settings import Settings

GIVEN = ("raw", "control", "reference")


def give(home: Home, settings: Settings, folder: Path) -> None:
    """Write what models read: accepted rows, what the run knows, seeds."""
    with connect(home.work_db, home=home, settings=settings, read_only=True) as connection:
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where list_contains(?, table_schema) order by all",
            [list(GIVEN)],
        ).fetchall():
            place = folder / "given" / schema / table
            place.mkdir(parents=True)
            connection.execute(
                f"copy (from {schema}.{table}) to {quoted(str(place / 'rows.parquet'))}"
                " (format parquet, compression zstd)"
            ).fetchall()


def take_back(home: Home, settings: Settings, folder: Path) -> None:
    """Make every table that Spark made a table of the work file."""
    with connect(home.work_db, home=home, settings=settings) as connection:
        for place in sorted((folder / "made").glob("*/*")):
            schema, table = place.parent.name, place.name
            connection.execute(f"create schema if not exists {schema}").fetchall()
            connection.execute(
                f"create or replace table {schema}.{table} as"
                f" from read_parquet({quoted(f'{place}/*.parquet')})"
            ).fetchall()
