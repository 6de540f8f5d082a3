"""`sightline up` with real processes: killed at any point, the next run reaches its end."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_files import ssd, zipped
from kept_up import Up, processes, until, up, worker
from support import SIGHTLINE, sightline

from sightline.orchestration import service
from sightline.orchestration.lock import holder
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, state_of
from sightline.warehouse.settings import load_settings
from sightline.warehouse.take_in import take_in

ALONE = {"assetSelection": [{"path": ["raw", "ssda903"]}]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = homes.create(tmp_path_factory.mktemp("up") / "monitor")
    bundle = made.inbox / "301" / "ssd.zip"
    bundle.parent.mkdir()
    bundle.write_bytes(zipped(ssd()))
    with state_of(made) as state:
        take_in(made, load_settings(made), state)
    yield made
    service.end(service.of(made))


def working(home: Home) -> int:
    """The process of the run that has begun."""
    return int(until(lambda: worker(home)))


def outcomes(home: Home) -> dict[str, str]:
    with State(home.state_db).read() as connection:
        return dict(connection.exec_driver_sql("select run_id, outcome from runs").all())


def test_killed_runs_and_a_killed_daemon_keep_nothing_from_running(home: Home) -> None:
    """Faults 66 and 67."""
    with up(home) as kept:
        second = sightline("up", "--home", str(home.root), "--port", str(kept.port))
        assert second.returncode == 6
        assert f"process {kept.process.pid}" in second.stderr

        killed = kept.launched()
        os.kill(working(home), signal.SIGKILL)
        assert kept.ended(killed) == "FAILURE"
        assert kept.ended(kept.launched(**ALONE)) == "SUCCESS"
        until(lambda: outcomes(home).get(killed) == "killed")

        by_hand = subprocess.Popen([*SIGHTLINE, "run", "--home", home.root])
        until(lambda: holder(home.restricted / "run.lock") == by_hand.pid)
        until(lambda: any(home.dagster.glob("history/runs/*.db-wal")))
        by_hand.kill()
        by_hand.wait()
        assert kept.ended(kept.launched(**ALONE)) == "SUCCESS"

        outlives = kept.launched()
        at_work = working(home)
        os.kill(kept.pid("dagster._daemon"), signal.SIGKILL)
        assert kept.process.wait(60) == 1
        assert "the daemon of Dagster ended" in kept.output.read_text()
        assert at_work in processes(home)
        assert processes(home, "-m dagster") == []
    assert outcomes(home)[outlives] is None


def test_everything_is_killed_and_what_was_queued_reaches_its_end(home: Home) -> None:
    """Faults 66 and 80."""
    with up(home) as kept:
        killed = kept.launched()
        working(home)
        queued = kept.launched(**ALONE)
        kept.process.kill()
        kept.process.wait()
        service.end(service.of(home))
    with up(home) as kept:
        assert kept.ended(queued) == "SUCCESS"
        assert kept.status(killed) == "FAILURE"
        assert outcomes(home)[killed] == "killed"

        stopped = kept.launched()
        working(home)
        assert kept.stop(signal.SIGTERM) == 0
        assert processes(home) == []
    assert holder(home.restricted / "run.lock") is None
    with up(home) as kept:
        assert kept.status(stopped) == "FAILURE"
        assert outcomes(home)[stopped] == "killed"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_it_ends_also_while_it_starts(tmp_path: Path, number: int) -> None:
    home = homes.create(tmp_path / "monitor")
    kept = Up(home)
    until(lambda: processes(home))
    assert kept.stop(number) == 0
    assert processes(home) == []


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    home = homes.create(tmp_path / "monitor")
    with service.socket.socket() as taken:
        taken.bind((service.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = sightline("up", "--home", str(home.root), "--port", str(port))
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
