"""A database that another process has open, and queries that outgrow their memory and disk."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from sightline.warehouse import connection, machine
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import MachineFault
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings

GROWS = (
    "create temp table t as select hash(range) as a, hash(range + 1) as b from range(6e6::bigint)"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.create(tmp_path / "monitor")


@contextmanager
def opened_elsewhere(path: Path, seconds: float) -> Iterator[int]:
    """A process that has the file open for a time, as an analyst may."""
    code = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print(1, flush=True);"
    command = [sys.executable, "-c", f"{code} time.sleep({seconds})", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_file_that_another_has_open_is_waited_for(home: Home) -> None:
    """Fault 64."""
    with opened_elsewhere(home.work_db, 0.5), connect(home.work_db) as work:
        assert work.execute("select 42").fetchall() == [(42,)]


def test_whoever_does_not_close_it_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 64."""
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    with opened_elsewhere(home.work_db, 60) as process:
        named = f"process {process} has .*work/warehouse.duckdb open"
        with pytest.raises(MachineFault, match=named), connect(home.work_db):
            pass


@pytest.mark.parametrize("most", [10**6, 10**9])
def test_a_query_may_fill_no_more_disk_than_it_is_given(
    home: Home, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Fault 84."""
    monkeypatch.setattr(connection, "MAX_SPILL", most)
    with connect(home=home, settings=Settings(memory_limit="60MB", threads=1)) as memory:
        if most > 10**8:
            memory.execute(GROWS)
            return
        with pytest.raises(duckdb.OutOfMemoryException) as raised:
            memory.execute(GROWS)
    fault = machine.machine_fault(raised.value, home.restricted)
    assert fault is not None
    assert "more disk beside its memory than it may use, 976.5 KiB" in fault.message


def test_what_is_to_stay_free_is_not_filled(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 84."""
    settings = Settings(least_free="1GB")
    for free, most in ((10**9, 0), (10**9 + 5, 5), (60 * 10**9, connection.MAX_SPILL)):
        disk = SimpleNamespace(free=free)
        monkeypatch.setattr("shutil.disk_usage", lambda _, disk=disk: disk)
        assert connection.max_spill(home, settings) == most
