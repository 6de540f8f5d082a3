"""What is kept goes when its time has come, not a day before, and never while it is disputed."""

import os
from datetime import date

import intake_files as files
import pytest
import sqlalchemy as sa
from intake_files import referrals, ssd

from warehouse import audit, retention
from warehouse import home as homes
from warehouse.errors import SightlineError
from warehouse.intake import decisions
from warehouse.intake.rotation import rotate
from warehouse.settings import load_settings
from warehouse.state import alerts, submissions

LAST_DAY, DAY_AFTER = date(2033, 10, 20), date(2033, 10, 21)
BAD = referrals(40, "R99,K1,bad,N1,2A,N,,\n")


@pytest.fixture
def monitor(tmp_path):
    made = files.monitor(tmp_path / "monitor")
    made.send(ssd(ssd_cin_episodes=BAD))
    made.drop("bad.csv", "what,ever\n1,2\n")
    made.take_in()
    return made


def settings_on(monitor, day):
    return load_settings(monitor.home).model_copy(update={"today": day})


def purge(monitor, day):
    return retention.apply(monitor.home, monitor.state, settings_on(monitor, day))


def landed(monitor):
    return len([path for path in monitor.home.landing.glob("*/*") if path.is_file()])


def purged(monitor):
    return [row["submission_id"] for row in monitor.ledger() if row["purged_on"]]


@pytest.mark.parametrize(
    ("day", "gone"),
    [
        (date(2027, 10, 20), []),
        (date(2027, 10, 21), [2]),
        (LAST_DAY, [2]),
        (DAY_AFTER, [1, 2]),
    ],
)
def test_originals_go_on_the_day_after_their_time(monitor, day, gone):
    """Fault 60."""
    purge(monitor, day)
    assert purged(monitor) == gone
    assert landed(monitor) == 2 - len(gone)


def test_refused_rows_go_earlier_than_originals(monitor):
    """Fault 60."""
    assert len(monitor.refused_lines()) == 1
    purge(monitor, date(2027, 10, 20))
    assert len(monitor.refused_lines()) == 1
    purge(monitor, date(2027, 10, 21))
    assert monitor.refused_lines() == []


def test_the_rows_of_the_trends_and_the_ledger_stay(monitor):
    """Fault 60."""
    before = monitor.raw("ssd_referrals")
    purge(monitor, DAY_AFTER)
    assert monitor.raw("ssd_referrals") == before
    assert [len(row["sha256"]) for row in monitor.ledger()] == [64, 64]


def test_purging_again_changes_nothing(monitor):
    """Fault 60."""
    assert purge(monitor, DAY_AFTER).count == 3
    before = monitor.ledger(), audit.entries(monitor.state)
    assert purge(monitor, date(2034, 1, 1)).count == 0
    assert (monitor.ledger(), audit.entries(monitor.state)) == before


def test_a_dry_run_says_it_and_touches_nothing(monitor):
    found = retention.due(monitor.home, monitor.state, settings_on(monitor, DAY_AFTER))
    assert (found.submissions, len(found.files)) == ([1, 2], 1)
    assert (purged(monitor), landed(monitor)) == ([], 2)


def test_what_waits_for_a_person_is_kept(monitor):
    """Fault 60."""
    with monitor.state.begin() as connection:
        connection.execute(
            submissions.update().where(submissions.c.submission_id == 1).values(held_reason="odd")
        )
    assert purge(monitor, DAY_AFTER).held == 1
    assert purged(monitor) == [2]
    decisions.accept(monitor.state, 1, "looked at", LAST_DAY)
    purge(monitor, DAY_AFTER)
    assert purged(monitor) == [1, 2]


@pytest.mark.parametrize(("state", "gone"), [("open", [2]), ("snoozed", [2]), ("resolved", [1, 2])])
def test_the_originals_behind_an_open_alert_are_kept(monitor, state, gone):
    """Fault 60."""
    barking = {"area_code": "E09000002", "area_name": "Barking and Dagenham", "state": state}
    others = {
        column.name: "x"
        for column in alerts.columns
        if isinstance(column.type, sa.String | sa.Text)
    }
    days = dict.fromkeys(("opened_period", "first_raised_on", "last_period"), LAST_DAY)
    with monitor.state.begin() as connection:
        connection.execute(alerts.insert(), others | days | barking | {"summary": {}})
    purge(monitor, DAY_AFTER)
    assert purged(monitor) == gone


def test_bytes_that_were_purged_are_known_again_and_not_kept_again(monitor):
    content = next(
        path.read_bytes() for path in monitor.home.landing.glob("*/*") if path.stat().st_size > 100
    )
    purge(monitor, DAY_AFTER)
    monitor.drop("again.zip", content)
    report = monitor.take_in()
    assert (report.outcomes, report.repeated) == ([], ["301/again.zip"])
    assert landed(monitor) == 0


def test_refused_bytes_that_come_again_after_they_were_purged_are_read_again(monitor):
    purge(monitor, DAY_AFTER)
    monitor.drop("bad.csv", "what,ever\n1,2\n")
    assert len(monitor.take_in().refused) == 1
    assert (purged(monitor), landed(monitor)) == ([1], 1)


def test_what_cannot_be_derived_again_is_said(monitor, tmp_path):
    """Promise 6: a key cannot be changed for rows whose originals are gone."""
    purge(monitor, DAY_AFTER)
    homes.write_secret(tmp_path / "new.key", os.urandom(32))
    settings, new = load_settings(monitor.home), tmp_path / "new.key"
    with pytest.raises(SightlineError, match="originals of 1 submissions are gone"):
        rotate(monitor.home, monitor.state, settings, new, "a reason", lambda *_: None)


def test_old_logs_go(monitor):
    log = monitor.home.restricted / "faults.log"
    log.write_text("a fault\n")
    os.utime(log, (1_700_000_000, 1_700_000_000))
    purge(monitor, date(2024, 11, 14))
    assert log.exists()
    purge(monitor, date(2024, 11, 15))
    assert not log.exists()
