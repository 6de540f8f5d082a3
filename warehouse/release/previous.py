"""What the release before told of alerts and returns: handed over, so that a release can say what
has changed since."""

from pathlib import Path

import duckdb

from sightline.warehouse.quoting import quoted

TABLES = {
    "previous_release": {"release_id": "varchar", "as_of": "date", "last_event": "bigint"},
    "previous_alerts": {"alert_id": "varchar", "state": "varchar", "severity": "varchar"},
    "previous_coverage": {
        "la_code": "varchar",
        "extract": "varchar",
        "period_start": "date",
        "period_end": "date",
        "status": "varchar",
        "submission_id": "integer",
    },
}
RELEASE = """
    select release_id, as_of,
        (select coalesce(max(event_id), 0) from before.alert_events) as last_event
    from before.release
"""


def hand_over(connection: duckdb.DuckDBPyConnection, database: Path | None) -> None:
    """Write state.previous_release, previous_alerts and previous_coverage from the published file
    of that release; empty where there is none to compare with."""
    for table, columns in TABLES.items():
        described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create or replace table state.{table} ({described})")
    if database is None:
        return
    connection.execute(f"attach {quoted(database)} as before (read_only)")
    try:
        connection.execute(f"insert into state.previous_release by name {RELEASE}")
        for table in ("alerts", "coverage"):
            chosen = ", ".join(TABLES[f"previous_{table}"])
            connection.execute(
                f"insert into state.previous_{table} by name select {chosen} from before.{table}"
            )
    finally:
        connection.execute("detach before")
