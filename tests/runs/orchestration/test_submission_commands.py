"""What became of a file: an engineer asks the ledger and is left wondering about nothing."""

import json
from datetime import date
from pathlib import Path

import duckdb
import intake_files as files
import pytest
from click.testing import CliRunner, Result
from intake_files import referrals, ssd

from sightline.orchestration.cli import commands
from sightline.senders import account
from sightline.warehouse.ledger import decisions
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.problems import Problem
from sightline.warehouse.submission import Outcome

CANARY = "ZZ9"
BAD = f"R99,K1,{CANARY},N1,2A,N,,\n"
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
        "Counted: no run has used it yet",
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


def read_otherwise(monitor: files.Monitor, submission_id: int) -> None:
    """What intake notes of forms that it read although the contract has another."""
    words = {"DATE_FORM": "read with a time of day", "ROWS_PASSED_OVER": "of another kind"}
    told = [
        Problem(rule, text, "note", "ssd_person", "a.csv", 2, count=12)
        for rule, text in words.items()
    ]
    with monitor.state.begin() as connection:
        ledger.conclude(connection, [Outcome(submission_id, "301", "a.zip", LATER, problems=told)])


def test_what_was_read_in_another_form_is_told_apart_from_problems(monitor: files.Monitor) -> None:
    read_otherwise(monitor, 2)
    text = asked(monitor, "show", "2").output
    assert "Problems: none\nRead in another form:\n  a.csv, line 2: DATE_FORM: " in text
    assert "repeated; 12 rows passed over\n" in text
    told = json.loads(asked(monitor, "show", "2", "--json").output)
    assert [one["rule"] for one in told["read_in_another_form"]] == [
        "DATE_FORM",
        "ROWS_PASSED_OVER",
    ]
    assert told["problems"] == []
    assert "Read in another form" not in asked(monitor, "show", "1").output


def test_a_withdrawn_submission_says_so(monitor: files.Monitor) -> None:
    decisions.withdraw(monitor.state, 2, "sent in error", date(2026, 10, 20))
    assert "withdrawn by a person on 2026-10-20" in asked(monitor, "show", "2").output
    [line] = [x for x in asked(monitor, "show", "1").output.split("\n") if "In force for" in x]
    assert "referrals of 2026-03-01 to 2026-03-31" in line


def counted(monitor: files.Monitor, *rows: tuple[int, str, int, int, int, int, int]) -> None:
    """What a run leaves of the view that accounts for every row."""
    values = ", ".join(map(str, rows))
    with duckdb.connect(str(monitor.home.warehouse_db)) as connection:
        connection.execute(f"""
            create schema marts;
            create table marts.found as from (values {values}) as rows (
                submission_id, table_name, taken_in, counted, told_late, superseded, outside
            );
            create view marts.fct_submission_rows as from marts.found;
        """)


def said(monitor: files.Monitor, number: int) -> list[str]:
    lines = asked(monitor, "show", str(number)).output.split("\n")
    first = next(place for place, line in enumerate(lines) if line.startswith("Counted"))
    last = next(place for place, line in enumerate(lines) if line.startswith("Problems"))
    return [line.strip() for line in lines[first:last]]


def test_every_row_taken_in_is_accounted_for(monitor: files.Monitor) -> None:
    counted(
        monitor,
        (2, "ssd_referrals", 41, 35, 3, 2, 1),
        (2, "ssd_assessments", 1, 1, 0, 0, 0),
        (1, "ssd_referrals", 40, 0, 0, 40, 0),
    )
    assert said(monitor, 2) == [
        "Counted: 42 taken in = 36 counted + 3 told late + 2 superseded + 1 outside (not counted)",
        "ssd assessments: 1 taken in = 1 counted + 0 superseded + 0 outside (not counted)",
        "ssd referrals: 41 taken in = 35 counted + 3 told late + 2 superseded"
        " + 1 outside (not counted)",
        "3 rows told late: counted on their own days, outside its period",
    ]
    told = json.loads(asked(monitor, "show", "2", "--json").output)["counted"]
    assert [sum(row[name] for name in account.FATES) for row in told] == [1, 41]


def test_told_late_is_only_said_where_there_is_any(monitor: files.Monitor) -> None:
    counted(monitor, (1, "ssd_referrals", 40, 0, 0, 40, 0))
    assert "late" not in " ".join(said(monitor, 1))


def test_none_of_the_rows_of_an_unused_submission_are_counted(monitor: files.Monitor) -> None:
    counted(monitor, (2, "ssd_referrals", 41, 41, 0, 0, 0))
    decisions.withdraw(monitor.state, 2, "sent in error", date(2026, 10, 20))
    for number in (2, 3):
        assert said(monitor, number) == ["Counted: none of its rows"]


def test_before_a_run_nothing_is_said_to_be_counted(monitor: files.Monitor) -> None:
    assert said(monitor, 1) == ["Counted: no run has used it yet"]


def test_its_rows_to_mend_are_named_once_more_from_the_kept_original(
    monitor: files.Monitor, tmp_path: Path
) -> None:
    path = tmp_path / "to_mend.csv"
    assert asked(monitor, "show", "1", "--report", str(path)).exit_code == 0
    text = path.read_text()
    assert "ssd_cin_episodes.csv,42,cine_referral_date,C,DATE_FORMAT" in text
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
