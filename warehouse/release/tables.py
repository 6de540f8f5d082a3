"""The published tables as data, from the one place where dbt and people read them too: columns,
types, keys, descriptions, order; and the hash of their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from sightline.warehouse import yaml_files
from sightline.warehouse.quoting import quoted

FILE = Path(__file__).parents[2] / "dbt_project" / "models" / "published" / "published.yml"

# A release's own name and time; the rest decides whether two releases say the same.
NOT_CONTENT = {"release_id"}
# What comes with the date alone: returns that nobody owes yet, and what was new the last time.
NOT_NEWS = {"coverage": "status = 'not_due'", "changes": "true"}


class Column(NamedTuple):
    type: str
    description: str
    is_required: bool


class Reference(NamedTuple):
    """A column whose values all stand in a column of another published table."""

    column: str
    table: str
    field: str


@dataclass(frozen=True)
class PublishedTable:
    name: str
    description: str
    order: tuple[str, ...]
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    references: tuple[Reference, ...]

    def names(self) -> str:
        return ", ".join(self.columns)

    def definition(self) -> str:
        """Columns with types and constraints, as they stand in `create table`."""
        columns = [
            f"{name} {column.type}{' not null' if column.is_required else ''}"
            for name, column in self.columns.items()
        ]
        return ", ".join([*columns, f"primary key ({', '.join(self.key)})"])


@cache
def published_tables() -> tuple[PublishedTable, ...]:
    """The published models, in the order in which a release is hashed."""
    return tuple(map(_table, yaml_files.read(FILE)["models"]))


def _table(model: Mapping[str, Any]) -> PublishedTable:
    [key] = [tuple(one["columns"]) for one in model["constraints"] if one["type"] == "primary_key"]
    columns = {
        one["name"]: Column(
            one["data_type"],
            one["description"],
            one["name"] in key
            or any(held["type"] == "not_null" for held in one.get("constraints", ())),
        )
        for one in model["columns"]
    }
    return PublishedTable(
        model["config"]["alias"],
        model["description"],
        tuple(model["config"]["meta"]["order"]),
        key,
        columns,
        tuple(
            Reference(column, *to.split("."))
            for column, to in model["config"]["meta"].get("references", {}).items()
        ),
    )


def create(connection: duckdb.DuckDBPyConnection, table: PublishedTable, rows: str) -> None:
    """Make one published table from a query, in its order, with its key and its descriptions."""
    connection.execute(f"create table published.{table.name} ({table.definition()})")
    connection.execute(
        f"insert into published.{table.name} by name "
        f"select {table.names()} from ({rows}) order by {', '.join(table.order)}"
    )
    describe(
        connection,
        "table",
        table.name,
        table.description,
        {name: column.description for name, column in table.columns.items()},
    )


def undescribed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables, views and their columns that say nothing of themselves."""
    rows = connection.execute(
        """
        select table_name from duckdb_tables() where not internal and comment is null
        union all
        select view_name from duckdb_views() where not internal and comment is null
        union all
        select table_name || '.' || column_name
        from duckdb_columns()
        where not internal and comment is null
        order by all
        """
    ).fetchall()
    return [name for (name,) in rows]


def describe(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    name: str,
    description: str,
    columns: Mapping[str, str],
) -> None:
    """Put descriptions on a published table or view (`kind`) and on its columns."""
    connection.execute(f"comment on {kind} published.{name} is {quoted(description)}")
    for column, comment in columns.items():
        connection.execute(f"comment on column published.{name}.{column} is {quoted(comment)}")


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {table.name: _one(connection, f"select count(*) from {table.name}")
            for table in published_tables()}  # fmt: skip


def content_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """The same rows give the same hash, in whatever order they were written."""
    hashes = table_hashes(connection).items()
    return hashlib.sha256("".join(f"{name} {one}\n" for name, one in hashes).encode()).hexdigest()


def table_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The hash of each table's content but for the one that says which release it is."""
    return {
        table.name: _table_hash(connection, table)
        for table in published_tables()
        if table.name != "release"
    }


def news_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The same of what readers are told: without what comes with a later date alone."""
    tables = {table.name: table for table in published_tables()}
    return table_hashes(connection) | {
        name: _table_hash(connection, tables[name], left_out) for name, left_out in NOT_NEWS.items()
    }


def _table_hash(
    connection: duckdb.DuckDBPyConnection, table: PublishedTable, left_out: str = "false"
) -> str:
    columns = ", ".join(name for name in table.columns if name not in NOT_CONTENT)
    return str(
        _one(
            connection,
            f"""
            select coalesce(sha256(string_agg(row_hash, '' order by row_hash)), 'empty')
            from (
                select sha256(cast(content as varchar)) as row_hash
                from (select {columns} from {table.name} where not ({left_out})) as content
            )
            """,
        )
    )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> "int":
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101  an aggregate always gives one row
    value: int = row[0]
    return value
