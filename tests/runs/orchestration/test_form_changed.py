"""A return in another form than its sender's last is said to engineers, in the run and after it."""

from datetime import date
from pathlib import Path

import pytest
from intake_files import EPISODES, MARCH, TODAY, Monitor, monitor, ssd

from sightline.expectations.submissions import judge_submissions
from sightline.orchestration.pipeline import RunReport
from sightline.orchestration.run import Step
from sightline.orchestration.run_report import outcome
from sightline.senders.account import account, in_words
from sightline.warehouse.ledger import overview

OTHER = EPISODES.replace("cine_close_reason,", "").replace("_source_code", "_source")
TOLD = (
    "first ssd return in another form: ssd_cin_episodes has cine_referral_source and no"
    " cine_referral_source_code or cine_close_reason"
)


@pytest.fixture
def sent(tmp_path: Path) -> Monitor:
    held = monitor(tmp_path / "monitor")
    held.send(ssd(), MARCH)
    held.send(ssd(ssd_cin_episodes=OTHER + "R1,K1,2026-03-09,N1,2A,N,\n"), MARCH)
    result = judge_submissions(held.state, held.home.raw, 0)
    assert (result.details["forms"], result.details["held"]) == (1, 0)
    return held


def test_the_account_of_a_submission_has_it_as_a_note(sent: Monitor) -> None:
    lines = list(in_words(account(sent.home, sent.state, 2, TODAY)))
    assert lines[lines.index("Read in another form:") + 1] == f"  FORM_CHANGED: {TOLD}"
    assert not any(
        "FORM_CHANGED" in line for line in in_words(account(sent.home, sent.state, 1, TODAY))
    )


def test_the_run_says_it_in_one_line_for_each_sender(sent: Monitor) -> None:
    line = f"sender 301: {TOLD} (submission 2)"
    assert overview.in_another_form(sent.state, 0) == [line]
    assert overview.in_another_form(sent.state, 2) == []
    steps = [Step("vital signs", found={"forms": [line]})]
    report = RunReport("released", date(2026, 10, 20), "r", 1.0, steps=steps)
    lines = list(outcome(sent.home, report))
    assert lines[:2] == ["In another form (1):", f"  {line}"]
    assert report.exit_code == 0


def test_of_many_the_run_says_how_many_more_there_are(sent: Monitor) -> None:
    steps = [Step("vital signs", found={"forms": [f"sender {n}" for n in range(22)]})]
    lines = list(outcome(sent.home, RunReport("released", TODAY, "r", 1.0, steps=steps)))
    assert lines[20:22] == ["  sender 19", "  ... and 2 more"]
