"""Views of the accepted rows of every table: what models and erasure read."""

from collections.abc import Iterable

import duckdb

from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.home import Home
from sightline.warehouse.intake.write import Files, parquet
from sightline.warehouse.timeline.in_force import (
    Submitted,
)


def write_views(
    connection: duckdb.DuckDBPyConnection, home: Home, submitted: Iterable[Submitted]
) -> None:
    """The accepted rows of these submissions as views raw.<table>.

    Rows that were taken in before a contract got a column have none in it.
    """
    files = Files(home.raw, home.quarantine)
    batches = sorted({one.batch for one in submitted if one.is_accepted and one.batch})
    for table, columns in contracts.raw_tables().items():
        paths = [files.of_table(table, batch) for batch in batches]
        held = [path for path in paths if path.exists()]
        chosen = ", ".join(columns)
        empty = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items())
        source = f"select {empty} where false"
        if held:
            rows = f"select * from {parquet(*held)}"
            source = f"select {chosen} from ({source} union all by name {rows})"
        connection.execute(f"create view raw.{table} as {source}").fetchall()
