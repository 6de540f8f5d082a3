"""Killed or stopped at any step and run again: the release of an undisturbed run, nothing twice."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
import started
from support import Ran, fresh_home, sightline

from sightline.simulation.truth import Truth
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, alert_events, outbox, runs
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases

KILL, TERM, HANGUP = signal.SIGKILL, signal.SIGTERM, signal.SIGHUP
STEPS = {
    "intake": KILL,
    "models": TERM,
    "tables": HANGUP,
    "release": KILL,
}
PATIENCE = 10.0
"""Seconds that a run may take to end when it is asked to."""


def ended_in(home: Home, step: str, by: signal.Signals) -> None:
    """Start a run and end it when it says that it enters the step."""
    with started.begun("run", "--verbose", "--home", str(home.root)) as run:
        for line in run.stderr:
            if json.loads(line)["message"] == f"{step} ...":
                break
        else:
            pytest.fail(f"the run ended before it came to {step}")
        begun = time.monotonic()
        os.kill(run.pid, by)
        said = run.stderr.read()
        code = run.wait()
    if by == KILL:
        assert code == -by
    else:
        assert code == 128 + by
        assert said.splitlines()[-1] == "sightline: stopped"
        assert time.monotonic() - begun < PATIENCE


@pytest.fixture(scope="module")
def survivor(
    tmp_path_factory: pytest.TempPathFactory, small: tuple[Path, Truth]
) -> tuple[Home, subprocess.CompletedProcess[str]]:
    """A monitor whose run was ended in one step after the other, then left alone."""
    home = fresh_home(tmp_path_factory.mktemp("killed") / "monitor", small[0])
    for step, by in STEPS.items():
        ended_in(home, step, by)
    return home, sightline("run", "--home", str(home.root))


def counted(home: Home, column: sa.Column[object], *where: sa.ColumnElement[bool]) -> int:
    state = State(home.state_db)
    with state.read() as connection:
        found = int(connection.execute(sa.select(sa.func.count(column)).where(*where)).scalar_one())
    state.close()
    return found


def test_the_release_is_that_of_an_undisturbed_run(
    survivor: tuple[Home, subprocess.CompletedProcess[str]], small_home: Ran
) -> None:
    """Faults 71 and 72."""
    home, done = survivor
    assert done.returncode == 0, done.stdout + done.stderr
    found, expected = releases.current(home), releases.current(small_home.home)
    assert found is not None
    assert expected is not None
    assert found.content_hash == expected.content_hash


def test_nothing_is_raised_recorded_or_sent_twice(
    survivor: tuple[Home, subprocess.CompletedProcess[str]], small_home: Ran
) -> None:
    home, _ = survivor
    for column in (recorded.c.release_id, alert_events.c.event_id):
        assert counted(home, column) == counted(small_home.home, column)
    of_alerts = outbox.c.kind.not_in(("run_failed", "trouble"))
    messages = counted(home, outbox.c.message_id, of_alerts)
    assert messages == counted(small_home.home, outbox.c.message_id, of_alerts)


def test_that_runs_are_killed_is_told_once(
    survivor: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    home, _ = survivor
    assert counted(home, outbox.c.message_id, outbox.c.kind == "run_failed") == 1


def test_each_run_is_recorded_as_killed(
    survivor: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    """Fault 72."""
    home, _ = survivor
    state = State(home.state_db)
    with state.read() as connection:
        outcomes = connection.scalars(sa.select(runs.c.outcome).order_by(runs.c.number)).all()
    state.close()
    assert outcomes[:-1] == ["killed"] * len(STEPS)
    assert outcomes[-1] in ("released", "unchanged")


def test_nothing_half_made_is_left(
    survivor: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    home, _ = survivor
    assert [path.name for path in home.releases.glob(".*")] == []
    manifest = json.loads((home.current / "manifest.json").read_text())
    assert manifest["release_id"] == "2026-10-20.1"
