"""The dictionary of a release: what its tables, views, columns and indicators mean.

It is read from the release itself, whose descriptions, types and keys come from published.yml.
"""

from typing import Any

import duckdb

from sightline.warehouse.connection import records

COLUMNS = """
select
    columns.table_name as relation,
    columns.column_name as name,
    columns.data_type as type,
    case
        when list_contains(keys.names, columns.column_name) then 'key'
        when not columns.is_nullable then 'required'
        else ''
    end as key,
    columns.comment as meaning
from duckdb_columns() as columns
left join (
    select table_name, constraint_column_names as names
    from duckdb_constraints()
    where constraint_type = 'PRIMARY KEY'
) as keys
    on columns.table_name = keys.table_name
where not columns.internal
order by columns.table_name, columns.column_index
"""
RELATIONS = """
select table_name as name, 'table' as type, comment as meaning
from duckdb_tables()
where not internal
union all
select view_name, 'view', comment
from duckdb_views()
where not internal
order by type, name
"""
INDICATORS = "select indicator as name, 'indicator' as type, definition as meaning from indicators"

Entry = dict[str, Any]


def relations(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """Every table and view: name, type, meaning."""
    return records(connection.execute(RELATIONS))


def columns(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """Every column: relation, name, type, key, meaning."""
    return records(connection.execute(COLUMNS))


def indicators(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """Every indicator: name, type, meaning."""
    return records(connection.execute(f"{INDICATORS} order by name"))


def about(connection: duckdb.DuckDBPyConnection, name: str | None) -> list[Entry]:
    """Entries of everything that bears the name; without one, of all tables and indicators."""
    whole = [*relations(connection), *indicators(connection)]
    if name is None:
        return whole
    found: list[Entry] = [
        {"name": one["name"], "type": one["type"], "key": "", "meaning": one["meaning"]}
        for one in whole
        if one["name"] == name
    ]
    for one in columns(connection):
        if name in (one["relation"], one["name"]):
            shown = one["name"] if one["relation"] == name else f"{one['relation']}.{one['name']}"
            found.append({"name": shown, **{key: one[key] for key in ("type", "key", "meaning")}})
    return found


def names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Everything that can be looked up."""
    whole = [*relations(connection), *indicators(connection), *columns(connection)]
    return sorted({one["name"] for one in whole})
