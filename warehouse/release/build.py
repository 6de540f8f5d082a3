"""Build the draft of a release from the work file: database, Parquet, CSV tables and a manifest.

Only the published models of dbt leave the restricted zone, after disclosure control.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb

from sightline.warehouse.connection import records, safe_config
from sightline.warehouse.home import Home
from sightline.warehouse.quoting import quoted
from sightline.warehouse.release import open_data, package, vintages
from sightline.warehouse.release.store import DATABASE, MANIFEST, Draft, verify_database, versions
from sightline.warehouse.release.tables import create, published_tables

STORAGE_VERSION = "v1.1.0"  # readable by the clients that analysts have: 1.1 and later


def build(home: Home, work_db: Path, *, looks_back: bool = False, licence: str = "") -> Draft:
    """Write published/releases/.draft-<id>/ from the published models of the work file and check
    it; GateFailed when it does not hold. `licence` is that of the figures, none where empty."""
    with _workshop(home) as connection:
        connection.execute(f"attach {quoted(work_db)} as work (read_only)")
        release = _release(connection)
        folder = _fresh_folder(home, release["release_id"])
        connection.execute(
            f"attach {quoted(folder / DATABASE)} as published (storage_version '{STORAGE_VERSION}')"
        )
        for table in published_tables():
            create(connection, table, f"from work.published.{table.name}")
        open_data.create_views(connection)
        connection.execute("use published")
        vintages.create_macro(connection)
        connection.execute("use memory")
        _write_files(connection, folder)
        sources = _sources(connection)
        audit = _audit(connection)
        connection.execute("detach published")
    counts, found = verify_database(folder / DATABASE)
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        package.write_package(folder, release, connection, licence)
    manifest = {
        **release,
        "looks_back": looks_back,
        "content_hash": found,
        "storage_version": STORAGE_VERSION,
        "versions": versions(),
        "tables": counts,
        "sources": sources,
        "audit": audit,
    }
    (folder / MANIFEST).write_text(
        json.dumps(manifest, default=str, indent=2) + "\n", encoding="utf-8"
    )
    return Draft(
        release["release_id"],
        folder,
        release["as_of"],
        release["built_at"].replace(tzinfo=UTC),
        release["code_version"],
        release["simulated"],
        found,
        counts,
    )


def _release(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Which release it is, as its own table says."""
    [row] = records(connection.execute("from work.published.release"))
    return row


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


def _write_files(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    (folder / "parquet").mkdir()
    for table in published_tables():
        package.write_parquet(connection, table, folder / "parquet" / f"{table.name}.parquet")
    open_data.write_files(connection, folder / "tables")


def _audit(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the audit of disclosure did to what is published here."""
    [(summary,)] = connection.execute("from work.control.disclosure_audit").fetchall()
    return dict(json.loads(summary))


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
    return records(found)
