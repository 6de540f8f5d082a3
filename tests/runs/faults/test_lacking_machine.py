"""Memory, disk and file handles run out: our fault, said in a sentence; nobody's file is blamed."""

import errno
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import intake_files as files
import pytest
from intake_files import Monitor, ssd

from sightline.orchestration.pipeline import _first
from sightline.senders.validate import validate
from sightline.warehouse.errors import ConfigurationError, MachineFault
from sightline.warehouse.intake import batch as loading
from sightline.warehouse.intake import pool
from sightline.warehouse.intake.receive import landing
from sightline.warehouse.intake.receive.unpacking import intact
from sightline.warehouse.machine import machine_fault, said_in

# Takes in under a limit of the operating system, which it meets at whatever point it may be.
UNDER_LIMIT = """
import resource, sys
from pathlib import Path
from sightline.warehouse import home as homes
from sightline.warehouse.take_in import take_in
from sightline.warehouse.machine import machine_fault
from sightline.warehouse.settings import load_settings
from sightline.warehouse.ledger.state import State

kind, limit, home = int(sys.argv[1]), int(sys.argv[2]), homes.find(Path(sys.argv[3]))
settings, state = load_settings(home), State(home.state_db)
if kind == resource.RLIMIT_AS:
    limit += int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(kind, (limit, limit))
try:
    take_in(home, settings, state)
except Exception as fault:
    ours = machine_fault(fault, *home.places)
    if ours is None:
        raise
    print(ours.message)
    sys.exit(1)
"""
LIMITS = [
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_FSIZE, 30_000),
    (resource.RLIMIT_NOFILE, 9),
    (resource.RLIMIT_AS, 0),
]
OURS = [
    MemoryError(),
    OSError(errno.ENOSPC, "no"),
    OSError(errno.EDQUOT, "no"),
    OSError(errno.EMFILE, "no"),
    OSError(errno.EACCES, "no", "/nowhere"),
    OSError(errno.EIO, "no"),
    duckdb.IOException('IO Error: Could not write file "/x/CANARY": No space left on device'),
    duckdb.OutOfMemoryException("could not allocate block of 1 MiB (1.0 GiB/1.1 GiB used)"),
    RuntimeError("can't start new thread"),
]


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "sightline", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def send_three(monitor: Monitor) -> None:
    for sender in ("301", "302"):
        monitor.drop_zip(ssd(ssd_cin_episodes=files.referrals(2_000)), sender=sender)
    for name, text in ssd().items():
        monitor.drop(f"folder/{name}", text, sender="303")
    monitor.drop("folder/manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}',
                 sender="303")  # fmt: skip


def assert_nobody_is_blamed(monitor: Monitor, sent: int) -> None:
    """Each is still in the inbox or waits in landing, and the next run takes it in."""
    statuses = Counter(monitor.statuses())
    assert set(statuses) <= {"received", "accepted"}
    assert not any(row["first_error"] for row in monitor.ledger())
    report = monitor.take_in()
    assert Counter(monitor.statuses()) == {"accepted": sent}
    assert not report.unreadable


@pytest.mark.parametrize(("kind", "limit"), LIMITS)
def test_a_limit_of_the_system_is_said_and_the_next_run_takes_everything_in(
    monitor: Monitor, kind: int, limit: int
) -> None:
    """Faults 77 and 81."""
    send_three(monitor)
    command = [sys.executable, "-c", UNDER_LIMIT, str(kind), str(limit), str(monitor.home.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith("; nothing is lost, and the next run goes on with what waits\n")
    assert done.stdout.count("\n") == 1
    assert_nobody_is_blamed(monitor, 3)


def test_a_full_disk_is_named_with_what_is_free(small_disk: Path) -> None:
    """Fault 81."""
    monitor = files.monitor(small_disk / "monitor")
    monitor.drop_zip(ssd(ssd_cin_episodes=files.referrals(60_000)))
    with pytest.raises(MachineFault, match=r"disk is full: .* are free in .*restricted"):
        monitor.take_in()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    assert_nobody_is_blamed(monitor, 1)


@pytest.mark.parametrize("fault", OURS, ids=lambda one: f"{type(one).__name__} {one}"[:40])
def test_a_fault_of_the_machine_while_reading_waits_for_the_next_run(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monitor.drop_zip(ssd())
    with monkeypatch.context() as patched:
        patched.setattr(loading, "check", failing(fault))
        with pytest.raises(MachineFault) as caught:
            monitor.take_in()
    assert "CANARY" not in caught.value.message
    assert_nobody_is_blamed(monitor, 1)


@pytest.mark.parametrize("fault", OURS[:4], ids=lambda one: f"{type(one).__name__} {one}"[:40])
def test_a_fault_of_the_machine_while_landing_leaves_the_file_in_the_inbox(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    path = monitor.drop_zip(ssd())
    with monkeypatch.context() as patched:
        patched.setattr(landing, "_opened", failing(fault))
        with pytest.raises(type(fault)):
            monitor.take_in()
    assert path.exists()
    assert_nobody_is_blamed(monitor, 1)


def test_a_fault_that_nobody_foresaw_is_not_the_files_when_there_is_no_room(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor.drop_zip(ssd())
    with monkeypatch.context() as patched:
        patched.setattr(loading, "check", failing(ZeroDivisionError("CANARY")))
        patched.setattr(loading, "has_room", lambda _: False)
        with pytest.raises(MachineFault, match="reading stopped"):
            monitor.take_in()
    assert_nobody_is_blamed(monitor, 1)


def test_one_submission_that_takes_too_much_does_not_stop_the_others(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sender in ("301", "302", "303"):
        monitor.drop_zip(ssd(), sender=sender)
    give = loading.give_submissions

    def too_much(connection: Any, cases: Any) -> None:
        if any(case.pending.sender == "302" for case in cases):
            raise MemoryError
        give(connection, cases)

    with monkeypatch.context() as patched:
        patched.setattr(loading, "give_submissions", too_much)
        with pytest.raises(MachineFault, match="memory ran out"):
            monitor.take_in()
    assert monitor.statuses() == ["accepted", "received", "accepted"]
    assert_nobody_is_blamed(monitor, 3)


def test_what_a_worker_is_killed_for_is_found_and_the_others_go_on(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that the system ends breaks the whole pool."""
    for sender in ("301", "302", "303"):
        monitor.drop_zip(ssd(), sender=sender)

    class Pool:
        def __init__(self, _workers: int) -> None: ...
        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None: ...

        def submit(self, load: Any, name: str, pending: Any, workshop: Any) -> "Pool":
            if any(one.sender == "302" for one in pending):
                raise BrokenProcessPool
            self.loaded = load(name, pending, replace(workshop, parent=None))
            return self

        def result(self) -> Any:
            return self.loaded

    with monkeypatch.context() as patched:
        patched.setattr(pool, "LARGE_BYTES", 0)
        patched.setattr(pool, "_pool", Pool)
        with pytest.raises(MachineFault, match="the system ended a process"):
            monitor.take_in()
    assert monitor.statuses() == ["accepted", "received", "accepted"]
    assert_nobody_is_blamed(monitor, 3)


def test_a_worker_that_is_really_killed_is_said(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 77."""
    monitor.drop_zip(ssd())
    with monkeypatch.context() as patched:
        patched.setattr(pool, "LARGE_BYTES", 0)
        patched.setattr(pool, "_load", killed)
        with pytest.raises(MachineFault, match="the system ended a process"):
            monitor.take_in()
    assert_nobody_is_blamed(monitor, 1)


def killed(*_: object) -> None:
    os.kill(os.getpid(), 9)


@pytest.mark.parametrize("fault", OURS[:4], ids=lambda one: f"{type(one).__name__} {one}"[:40])
def test_what_the_machine_lacks_is_no_damage_of_an_archive(fault: Exception) -> None:
    with pytest.raises(type(fault)), intact("x.zip"):
        raise fault


def test_a_file_of_the_inbox_that_cannot_be_read_is_named_and_the_others_go_on(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = monitor.drop("bad.csv", "a"), monitor.drop_zip(ssd(), sender="302")
    opened = landing._opened

    def broken(path: Path) -> Any:
        if path == bad:
            raise OSError(errno.EIO, "the disk", str(path))
        return opened(path)

    monkeypatch.setattr(landing, "_opened", broken)
    report = monitor.take_in()
    assert report.unreadable == [("301/bad.csv", "Input/output error")]
    assert monitor.statuses() == ["accepted"]
    assert bad.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_could_not_be_taken_away_is_not_taken_in(monitor: Monitor) -> None:
    path = monitor.drop_zip(ssd())
    path.parent.chmod(0o500)
    [(label, reason)] = monitor.take_in().unreadable
    path.parent.chmod(0o700)
    assert label == "301/bundle.zip"
    assert "may not write to inbox/301" in reason
    assert monitor.statuses() == []


def test_checking_a_file_blames_nobody_for_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(files.EPISODES)
    monkeypatch.setattr(landing, "_opened", failing(OSError(errno.EMFILE, "no")))
    with pytest.raises(OSError, match="no"):
        validate([path])


def test_the_sentence_names_our_folder_and_never_the_path_in_it(tmp_path: Path) -> None:
    inside, beside = tmp_path / "restricted", tmp_path / "published"
    fault = OSError(errno.ENOSPC, "no", str(beside / "CANARY.csv"))
    message = str(machine_fault(fault, inside, beside))
    assert f"are free in {beside};" in message
    assert "CANARY" not in message


def test_a_fault_is_found_behind_others_and_what_is_explained_stays_so() -> None:
    outer = RuntimeError("the engine failed")
    outer.__cause__ = MemoryError()
    assert machine_fault(outer)
    explained = ConfigurationError("the key cannot be read")
    explained.__context__ = OSError(errno.EACCES, "no")
    assert machine_fault(explained) is None
    assert machine_fault(ValueError("no space left on device")) is None


def test_what_dbt_says_of_a_model_is_recognised() -> None:
    assert said_in("Runtime Error in model x: Out of Memory Error: failed to allocate data")
    assert said_in("IO Error: Could not write file: No space left on device")
    assert said_in("TransactionContext Error: Failed to commit: No space left on device")
    assert said_in("Conversion Error: Could not convert 'out of memory' to INT32") is None


def failing(fault: BaseException) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise fault

    return fail


def test_the_sentence_reaches_whoever_started_the_run() -> None:
    class Error:
        cls_name, cause = "MachineFault", None
        message = "warehouse.errors.MachineFault: it is full\n"

    class Failure:
        step_key = "extracts"

        class step_failure_data:  # noqa: N801 (as Dagster names it)
            error = Error

    assert _first([Failure]) == "step extracts: it is full"


def test_a_folder_that_may_not_be_written_to_is_for_whoever_set_it_up(tmp_path: Path) -> None:
    found = machine_fault(OSError(errno.EROFS, "no", str(tmp_path / "x")), tmp_path)
    assert found is not None
    assert found.exit_code == 3
    assert found.message.startswith(f"{tmp_path} cannot be written to")
