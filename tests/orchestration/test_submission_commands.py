"""What became of a file: an engineer asks the ledger and is left wondering about nothing."""

import json
from datetime import date
from pathlib import Path

import intake_files as files
import pytest
from click.testing import CliRunner, Result
from intake_files import referrals, ssd

from orchestration.cli import commands
from warehouse.intake import decisions

CANARY = "ZZ9"
BAD = f"R99,K1,2026-03-09,N1,{CANARY},N,,\n"
LATER = date(2026, 10, 21)


@pytest.fixture
def monitor(tmp_path: Path) -> files.Monitor:
    """Three submissions for March: one with a bad row, its correction, and one that is broken."""
    made = files.monitor(tmp_path / "monitor")
    made.send(ssd(ssd_cin_episodes=referrals(40, BAD)))
    made.send(ssd(ssd_cin_episodes=referrals(41)))
    made.send(ssd(ssd_cin_episodes=referrals(40)[:-9]))
    return made


def asked(monitor: files.Monitor, *arguments: str) -> Result:
    home = str(monitor.home.root)
    return CliRunner().invoke(commands, ["submissions", *arguments, "--home", home])


def test_the_account_goes_from_fate_to_returns(monitor: files.Monitor) -> None:
    text = asked(monitor, "show", "1").output
    order = (
        "What became of it: taken in but for 1 row; superseded since",
        "Why: ",
        "Rows: 45 records = 44 taken in + 1 refused + 0 repeated",
        "Problems:",
        "In force for: no day",
        "Others speak for its days:",
        "submission 2 (ssd, received on 2026-10-20)",
        "Returns:",
        "ssd of 2026-03-01 to 2026-03-31, due on 2026-04-20",
    )
    places = [text.find(part) for part in order]
    assert -1 not in places, text
    assert places == sorted(places)
    assert CANARY not in text


def test_a_refused_submission_names_the_one_that_stays_in_force(monitor: files.Monitor) -> None:
    text = asked(monitor, "show", "3").output
    assert "refused: nothing of it is used" in text
    assert "Why: ssd_cin_episodes.csv, line 41: TRUNCATED" in text
    assert "submission 2" in text


def test_a_withdrawn_submission_says_so(monitor: files.Monitor) -> None:
    decisions.withdraw(monitor.state, 2, "sent in error", date(2026, 10, 20))
    assert "withdrawn by a person on 2026-10-20" in asked(monitor, "show", "2").output
    [line] = [x for x in asked(monitor, "show", "1").output.split("\n") if "In force for" in x]
    assert "referrals of 2026-03-01 to 2026-03-31" in line


def test_its_rows_to_mend_are_named_once_more_from_the_kept_original(
    monitor: files.Monitor, tmp_path: Path
) -> None:
    path = tmp_path / "to_mend.csv"
    assert asked(monitor, "show", "1", "--report", str(path)).exit_code == 0
    text = path.read_text()
    assert "ssd_cin_episodes.csv,42,cine_referral_source_code,E,CODE_UNKNOWN" in text
    assert CANARY not in text


def test_the_list_can_be_narrowed(monitor: files.Monitor) -> None:
    def listed(*options: str) -> list[int]:
        rows = json.loads(asked(monitor, "list", "--json", *options).output)
        return [row["submission_id"] for row in rows]

    assert listed() == [3, 2, 1]
    assert listed("--status", "quarantined") == [3]
    assert listed("--status", "held") == []
    assert listed("--since", LATER.isoformat()) == []
    assert listed("--sender", "301", "--extract", "ssd") == [3, 2, 1]
    assert listed("--sender", "302") == []


def test_what_was_in_force_on_a_day_is_told(monitor: files.Monitor) -> None:
    rows = json.loads(asked(monitor, "as-of", "2026-10-20", "--json").output)
    spans = {(row["submission_id"], row["first_day"], row["last_day"]) for row in rows}
    assert spans == {(2, "2026-03-01", "2026-03-31")}
    assert "referrals" in {row["tells"] for row in rows}
    assert json.loads(asked(monitor, "as-of", "2026-10-19", "--json").output) == []


def test_an_unknown_number_is_a_usage_error(monitor: files.Monitor) -> None:
    assert "there is no submission 99" in str(asked(monitor, "show", "99").exception)
