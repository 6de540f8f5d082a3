"""A clock that was wrong for a while leaves nothing behind that a right one cannot outlive, and one
that is wrong now is refused; both are said."""

from datetime import date, timedelta
from pathlib import Path

import intake_files as files
import pytest
import sqlalchemy as sa
from intake_files import MARCH, Monitor, referrals, ssd

from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.ledger import annotations, audit, clock_marks
from sightline.warehouse.ledger.clock_marks import among, standing
from sightline.warehouse.ledger.state import runs, submissions
from sightline.warehouse.settings import load_settings
from sightline.warehouse.timeline.in_force import known, slices

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
OCTOBER = date(2026, 10, 20)


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


def at(monitor: Monitor, day: date) -> None:
    monitor.home.config.write_text(f"today = {day}")


def sent(monitor: Monitor, day: date, rows: int) -> None:
    """One return of March on a day, with so many referrals."""
    at(monitor, day)
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(rows)), MARCH, f"{day}.zip")
    [outcome] = monitor.take_in().outcomes
    assert not outcome.is_refused


def in_force(monitor: Monitor, as_of: date) -> set[int]:
    return {one.submission.submission_id for one in slices(known(monitor.state, as_of))}


@pytest.mark.parametrize(
    ("days", "today", "verdict"),
    [
        ([], OCTOBER, "fine"),
        ([OCTOBER], OCTOBER, "fine"),
        ([OCTOBER], OCTOBER - DAY, "behind"),
        ([OCTOBER - 9 * DAY, OCTOBER], OCTOBER - DAY, "was_ahead"),
        ([OCTOBER - 9 * DAY, OCTOBER - DAY, OCTOBER], OCTOBER - 2 * DAY, "behind"),
        ([OCTOBER, OCTOBER + 31 * DAY, OCTOBER + 32 * DAY], OCTOBER, "behind"),
        ([OCTOBER, OCTOBER + 32 * DAY, OCTOBER + 33 * DAY], OCTOBER, "was_ahead"),
        ([OCTOBER, OCTOBER + 365 * DAY, OCTOBER + 366 * DAY], OCTOBER + DAY, "was_ahead"),
        ([OCTOBER, OCTOBER + DAY, OCTOBER + 2 * DAY], date(1970, 1, 1), "behind"),
        # A later number on an earlier day: that jump is over.
        ([OCTOBER, OCTOBER + 365 * DAY, OCTOBER + DAY], OCTOBER + DAY, "fine"),
    ],
)
def test_where_today_stands_follows_from_the_order_of_the_numbers(
    days: list[date], today: date, verdict: str
) -> None:
    assert among(days, (), today).verdict == verdict
    assert among((), days, today).verdict == verdict


def test_what_came_while_the_clock_was_a_year_ahead_is_outlived(monitor: Monitor) -> None:
    sent(monitor, OCTOBER, 5)
    sent(monitor, OCTOBER + 365 * DAY, 6)
    sent(monitor, OCTOBER + DAY, 7)
    assert [row["received_on"] for row in monitor.ledger()] == [
        OCTOBER, OCTOBER + DAY, OCTOBER + DAY,
    ]  # fmt: skip
    assert in_force(monitor, OCTOBER) == {1}
    assert in_force(monitor, OCTOBER + DAY) == {3}
    [entry] = audit.entries(monitor.state)
    assert entry["action"] == "clock"
    assert "ahead to 2027-10-20" in entry["reason"]
    sent(monitor, OCTOBER + 2 * DAY, 8)
    assert in_force(monitor, OCTOBER + 2 * DAY) == {4}
    assert len(audit.entries(monitor.state)) == 1


def test_what_came_last_while_the_clock_was_ahead_counts_without_anything_later(
    monitor: Monitor,
) -> None:
    sent(monitor, OCTOBER, 5)
    sent(monitor, OCTOBER + 365 * DAY, 6)
    at(monitor, OCTOBER)
    monitor.take_in()
    assert in_force(monitor, OCTOBER) == {2}


def test_what_people_decided_while_the_clock_was_ahead_counts_too(monitor: Monitor) -> None:
    sent(monitor, OCTOBER, 5)
    sent(monitor, OCTOBER + 365 * DAY, 6)
    annotations.add(
        monitor.state, area="204", scope="referrals", kind="rebaseline", starts_on=OCTOBER,
        ends_on=None, reason="a new usual level", today=OCTOBER + 365 * DAY,
    )  # fmt: skip
    with monitor.state.begin() as connection:
        second = sa.update(submissions).where(submissions.c.submission_id == 2)
        connection.execute(second.values(withdrawn_on=OCTOBER + 365 * DAY))
    at(monitor, OCTOBER + DAY)
    monitor.take_in()
    assert len(annotations.known(monitor.state, OCTOBER + DAY)) == 1
    assert in_force(monitor, OCTOBER + DAY) == {1}


@pytest.mark.parametrize("today", [date(1970, 1, 1), OCTOBER - 2 * DAY])
def test_a_clock_that_is_behind_is_refused_and_changes_nothing(
    monitor: Monitor, today: date
) -> None:
    for back in (1, 0):
        sent(monitor, OCTOBER - back * DAY, 5 + back)
    before = monitor.ledger()
    path = monitor.drop_zip(ssd(ssd_cin_episodes=referrals(9)), MARCH, "later.zip")
    at(monitor, today)
    with pytest.raises(ConfigurationError, match=f"{today}.*{OCTOBER}.*clock confirm") as told:
        monitor.take_in()
    assert told.value.exit_code == 3
    assert path.exists()
    assert monitor.ledger() == before
    assert audit.entries(monitor.state) == []


def test_a_person_may_say_that_today_is_right(monitor: Monitor) -> None:
    for back in (1, 0):
        sent(monitor, OCTOBER - back * DAY, 5 + back)
    at(monitor, OCTOBER - 30 * DAY)
    settings = load_settings(monitor.home)
    assert clock_marks.confirm(monitor.state, settings, "it had been a month ahead") == 2
    sent(monitor, OCTOBER - 30 * DAY, 7)
    assert in_force(monitor, OCTOBER - 30 * DAY) == {3}
    [entry] = audit.entries(monitor.state)
    assert entry["reason"] == "it had been a month ahead"


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [("nothing", "behind"), ("released", "behind"), ("configuration", "fine"), ("busy", "fine")],
)
def test_only_runs_that_got_past_the_check_say_what_day_it_is(
    monitor: Monitor, outcome: str, verdict: str
) -> None:
    with monitor.state.begin() as connection:
        row = {"started_at": None, "as_of": OCTOBER, "outcome": outcome, "detail": {}}
        now = sa.func.current_timestamp()
        connection.execute(
            sa.insert(runs).values(row | {"run_id": "a", "number": 1, "started_at": now})
        )
    with monitor.state.read() as connection:
        found = standing(connection, OCTOBER - DAY)
    assert found.verdict == verdict


def test_simulated_submissions_choose_their_days(monitor: Monitor) -> None:
    at(monitor, OCTOBER)
    monitor.drop_zip(ssd(), MARCH | {"simulated": True, "prepared_on": "2027-05-01"})
    monitor.take_in()
    monitor.take_in()
    assert [row["received_on"] for row in monitor.ledger()] == [date(2027, 5, 1)]
