"""A run under a clock that had leapt a year ahead and came back, and one under a clock behind."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import intake_files as files
import pytest
from intake_files import MARCH, Monitor, referrals, ssd

from sightline.orchestration import health, run
from sightline.warehouse import clock
from sightline.warehouse.ledger import audit, runs
from sightline.warehouse.timeline.in_force import known, slices

TRUE, AHEAD, BACK = "2026-10-20T09:00", "2027-10-20T09:00", "2026-10-21T09:00"
UNDER = (
    "from datetime import datetime; from sightline.warehouse import clock;"
    " clock.now = lambda: datetime.fromisoformat('{}');"
    " from sightline.orchestration.cli import main; main()"
)


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    made = files.monitor(tmp_path / "monitor")
    made.home.config.write_text("")
    return made


def clocks(monitor: Monitor) -> list[str]:
    rules = [fault.rule for fault in health.examine(monitor.home)]
    return [rule for rule in rules if rule.startswith("CLOCK")]


def test_a_clock_that_leaps_ahead_and_comes_back_is_said_and_outlived(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(moment: str) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(moment))

    def sent(rows: int) -> None:
        monitor.drop_zip(ssd(ssd_cin_episodes=referrals(rows)), MARCH, f"{rows}.zip")

    at(TRUE)
    sent(31)
    monitor.take_in()
    at(AHEAD)
    assert clocks(monitor) == ["CLOCK_AHEAD"]
    sent(32)
    monitor.take_in()
    assert clocks(monitor) == ["CLOCK_AHEAD"]
    at(BACK)
    assert clocks(monitor) == ["CLOCK_BEHIND"]
    sent(33)
    with run.ready(monitor.home) as state:
        monitor.take_in()
        runs.begin(state, "r1", clock.day(), "schedule")
    runs.end(monitor.state, "r1", "released", 0)
    assert clocks(monitor) == []
    assert [str(row["received_on"]) for row in monitor.ledger()] == [
        "2026-10-20", "2026-10-21", "2026-10-21",
    ]  # fmt: skip
    assert speaks(monitor, "2026-10-20") == {1}
    assert speaks(monitor, "2026-10-21") == {3}
    assert [entry["action"] for entry in audit.entries(monitor.state)] == ["clock"]

    path = monitor.drop_zip(ssd(ssd_cin_episodes=referrals(34)), MARCH, "34.zip")
    command = [sys.executable, "-c", UNDER.format("1970-01-01T00:10"), "run", "--home"]
    refused = subprocess.run(
        [*command, str(monitor.home.root)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 3
    assert "1970-01-01" in refused.stderr
    assert "2026-10-21" in refused.stderr
    assert path.exists()
    assert len(monitor.ledger()) == 3
    assert "RUN_FAILED" in [fault.rule for fault in health.examine(monitor.home)]


def speaks(monitor: Monitor, day: str) -> set[int]:
    as_of = datetime.fromisoformat(day).date()
    return {one.submission.submission_id for one in slices(known(monitor.state, as_of))}
