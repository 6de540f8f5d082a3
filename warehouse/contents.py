"""What a database file holds: its tables and views, their columns, and how many rows."""

from dataclasses import dataclass, field

import duckdb

# The engine keeps the count of rows itself; it is exact for a table that was written once.
TABLES = """
select schema_name, table_name, estimated_size from duckdb_tables()
union all
select schema_name, view_name, null from duckdb_views() where not internal
"""
COLUMNS = """
select schema_name, table_name, column_name, lower(data_type), coalesce(comment, '')
from duckdb_columns() where not internal
order by schema_name, table_name, column_index
"""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Content:
    """One table or view; of a view the rows are not counted."""

    rows: int | None
    columns: list[Column] = field(default_factory=list)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Content]:
    """Every table and view by its schema and name, as the catalogue tells."""
    found = {
        (schema, name): Content(rows)
        for schema, name, rows in connection.execute(TABLES).fetchall()
    }
    for schema, table, *column in connection.execute(COLUMNS).fetchall():
        found[schema, table].columns.append(Column(*column))
    return found
