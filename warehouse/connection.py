"""Open DuckDB the one safe way: no network, bounded memory, spill inside restricted/, closed."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from sightline.warehouse import quotas
from sightline.warehouse.errors import MachineFault
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, bytes_of

MAX_SPILL = 50 * 10**9
# Seconds, for another process to close a file of ours.
PATIENCE = 30.0
HELD = re.compile(r"Could not set lock on file .*\(PID (\d+)\)", re.DOTALL)
# What the engine may use unless the settings say otherwise, where there is twice as much.
MOST_MEMORY = 3_000_000_000


def memory_limit(settings: Settings) -> str:
    """What the engine may use by the settings, or else half of what there is, up to 3 GB."""
    return settings.memory_limit or _half()


def threads(settings: Settings) -> int:
    """How many cores are used by the settings, or else all that this process may use."""
    return settings.threads or quotas.cores()


def _half() -> str:
    available = quotas.memory()
    most = min(MOST_MEMORY, available // 2) if available else MOST_MEMORY
    return f"{most // 10**6}MB"


def safe_config(*, memory_limit: str | None = None, threads: int | None = None) -> dict[str, Any]:
    """Settings that every connection of the project starts with."""
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "memory_limit": memory_limit or _half(),
        "preserve_insertion_order": "true",
    }
    config["threads"] = threads or quotas.cores()
    return config


def open_quietly(
    path: Path | None, config: dict[str, Any], *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection that draws no progress bars; the caller closes it."""
    if path is None:
        # Of itself it would spill into the current folder.
        config = {"temp_directory": ""} | config
    connection = _opened(path, config, read_only=read_only)
    connection.execute("set enable_progress_bar = false").fetchall()
    return connection


def _opened(
    path: Path | None, config: dict[str, Any], *, read_only: bool
) -> duckdb.DuckDBPyConnection:
    """Wait for whoever has the file open to look at it, and say who that is."""
    until, pause = time.monotonic() + PATIENCE, 0.1
    while True:
        try:
            return duckdb.connect(str(path or ":memory:"), read_only=read_only, config=config)
        except duckdb.IOException as fault:
            if not (holder := HELD.search(str(fault))):
                raise
            if time.monotonic() >= until:
                raise MachineFault(
                    f"process {holder[1]} has {path} open; close it there, then try again"
                ) from None
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


def records(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every row of a result by the names of its columns."""
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def max_spill(home: Home, settings: Settings) -> int:
    """Bytes that a query may write beside its memory: never what is to stay free."""
    return max(
        0, min(MAX_SPILL, shutil.disk_usage(home.restricted).free - bytes_of(settings.least_free))
    )


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
        config["temp_directory"] = str(spill)
    connection = open_quietly(path, config, read_only=read_only)
    try:
        if home:
            # Given when a file is opened, the engine does not heed it.
            connection.execute(f"set max_temp_directory_size = '{max_spill(home, chosen)}B'")
        yield connection
    finally:
        connection.close()
