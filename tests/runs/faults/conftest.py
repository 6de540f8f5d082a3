"""One inbox with every bad file and bad value of the table, and good bundles among them."""

from dataclasses import dataclass
from pathlib import Path

import intake_files as files
import pytest
from cases import CASES, GOOD_BUNDLES, Case
from intake_files import Monitor
from invariants import Before, before

from sightline.warehouse.areas import authorities
from sightline.warehouse.submission import Outcome
from sightline.warehouse.take_in import IntakeReport


@dataclass(frozen=True)
class Batch:
    """What came of the inbox: the outcome of every case."""

    monitor: Monitor
    was: Before
    report: IntakeReport
    outcomes: dict[Case, Outcome]


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    monitor = files.monitor(tmp_path_factory.mktemp("faults") / "monitor")
    senders = dropped(monitor)
    (monitor.home.releases / "stands.txt").write_text("a release that must stay as it is")
    was = before(monitor)
    report = monitor.take_in()
    found = {(outcome.sender, outcome.name): outcome for outcome in report.outcomes}
    outcomes = {case: found[sender, case.name] for case, sender in senders.items()}
    return Batch(monitor, was, report, outcomes)


def dropped(monitor: Monitor) -> dict[Case, str]:
    """Each case in the folder of a sender of its own, unless it is written for one."""
    free = (code for code in sorted(authorities()) if code not in ("301", "302"))
    senders = {case: case.sender or next(free) for case in (*GOOD_BUNDLES, *CASES)}
    for case, sender in senders.items():
        monitor.drop(case.name, case.content, sender)
    return senders


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")
