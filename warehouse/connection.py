"""Open DuckDB the one safe way: no network, bounded memory, spill inside restricted/, closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from warehouse.home import Home
from warehouse.settings import Settings

MAX_SPILL = "50GB"


def safe_config(*, memory_limit: str = "3GB", threads: int | None = None) -> dict[str, Any]:
    """Settings that every connection of the project starts with."""
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "memory_limit": memory_limit,
        "preserve_insertion_order": "true",
    }
    if threads:
        config["threads"] = threads
    return config


def open_quietly(
    path: Path | None, config: dict[str, Any], *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection that draws no progress bars; the caller closes it."""
    connection = duckdb.connect(str(path or ":memory:"), read_only=read_only, config=config)
    connection.execute("set enable_progress_bar = false").fetchall()
    return connection


@contextmanager
def connect(
    path: Path | None = None,
    *,
    home: Home | None = None,
    settings: Settings | None = None,
    read_only: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a file, or to memory without one; `home` says where it may spill."""
    chosen = settings or Settings()
    config = safe_config(memory_limit=chosen.memory_limit, threads=chosen.threads)
    if home:
        spill = home.restricted / "spill"
        spill.mkdir(mode=0o700, exist_ok=True)
        config |= {"temp_directory": str(spill), "max_temp_directory_size": MAX_SPILL}
    connection = open_quietly(path, config, read_only=read_only)
    try:
        yield connection
    finally:
        connection.close()
