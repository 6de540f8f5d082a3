"""What a sender is told of a file beforehand is what intake will say of it, row by row."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import intake_files as files
import pytest
from cases import CANARY, CASES, GOOD_BUNDLES, Case

from sightline.senders import error_report as errors
from sightline.senders.validate import Verdict, Wanted, judged, validate
from sightline.simulation import faults
from sightline.warehouse import home as homes
from sightline.warehouse.clock import LONDON
from sightline.warehouse.ledger.state import State
from sightline.warehouse.submission import Outcome, Pending

SHARED = Path(__file__).parents[4] / "shared" / "data"
FOLDERS = sorted(SHARED.glob("*/")) if SHARED.is_dir() else []
EVERY_ROW = Wanted(rows=10_000)


def told(one: Verdict | Outcome) -> tuple[object, ...]:
    is_accepted = one.is_accepted if isinstance(one, Verdict) else not one.is_refused
    counts = (one.records, one.accepted, one.quarantined, one.duplicates)
    said = [*one.problems, *(one.notes if isinstance(one, Verdict) else [])]
    return is_accepted, one.extract, one.period, counts, said


def verdict_on(case: Case, outcome: Outcome, folder: Path) -> Verdict:
    path = folder / "landed"
    path.write_bytes(case.content)
    digest = hashlib.sha256(case.content).hexdigest()
    received = (outcome.sender, case.name, path, digest, files.TODAY)
    return judged(Pending(1, *received), EVERY_ROW)


@pytest.fixture
def of_today(tmp_path: Path) -> files.Monitor:
    """A monitor whose day is the one on which a sender tries a file."""
    home = homes.create(tmp_path / "monitor", today=datetime.now(LONDON).date())
    return files.Monitor(home, State(home.state_db))


@pytest.mark.parametrize("case", [*CASES, *GOOD_BUNDLES], ids=lambda case: case.id)
def test_a_sender_is_told_what_intake_says(case: Case, batch: Any, tmp_path: Path) -> None:
    outcome = batch.outcomes[case]
    verdict = verdict_on(case, outcome, tmp_path)
    assert told(verdict) == told(outcome)
    named = [row for row in verdict.rows if row.problem.severity == "error" and row.problem.table]
    lines = {(row.problem.table, row.problem.line) for row in named if row.problem.line}
    assert len(lines) >= verdict.quarantined or not verdict.is_accepted
    assert verdict.unnamed == 0
    for name in ("to_mend.csv", "to_mend.html"):
        errors.write([verdict], tmp_path / name, with_values=False)
        assert CANARY not in (tmp_path / name).read_text()


def test_every_planted_file_is_refused_beforehand_for_the_same_reason(
    of_today: files.Monitor,
) -> None:
    inbox = of_today.home.inbox
    for sender in ("301", "302"):
        (inbox / sender).mkdir()
    planted = faults.plant(inbox)
    for one in planted:
        [verdict] = validate([inbox / one.label], one.sender)
        assert (verdict.is_accepted, verdict.problems[0].rule) == (False, one.rule)
    assert len(of_today.take_in().refused) == len(planted)


@pytest.mark.skipif(not FOLDERS, reason="the example files are not here")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_of_every_example_a_sender_is_told_what_intake_says(
    folder: Path, of_today: files.Monitor
) -> None:
    sender = "published" if "release" in folder.name or folder.name == "published" else "301"
    bundles = {f"{path.stem}.zip": {path.name: path.read_bytes()} for path in folder.iterdir()}
    bundles["all.zip"] = {path.name: path.read_bytes() for path in folder.iterdir()}
    paths = [
        of_today.drop(name, files.zipped(content), sender) for name, content in bundles.items()
    ]
    verdicts = {path.name: told(validate([path], sender)[0]) for path in paths}
    outcomes = {outcome.name: told(outcome) for outcome in of_today.take_in().outcomes}
    assert verdicts == outcomes
