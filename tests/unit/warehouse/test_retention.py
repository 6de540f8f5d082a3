"""What is kept goes when its time has come, not a day before, and never while it is disputed."""

import json
import os
from datetime import UTC, date, datetime, time, timedelta

import intake_files as files
import pytest
import sqlalchemy as sa
from intake_files import referrals, ssd

from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.erasure import retention
from sightline.warehouse.erasure.rotation import rotate
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import audit, decisions
from sightline.warehouse.ledger.state import alert_events, alerts, outbox, runs, submissions
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import load_settings

pytestmark = pytest.mark.slow

LAST_DAY, DAY_AFTER = date(2033, 10, 20), date(2033, 10, 21)
NOON = time(12)
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


DAY = datetime(2026, 10, 20, 6, 15, tzinfo=UTC).replace(tzinfo=None)
NAME = "0123456789abcdef0123456{}"


def message(monitor, number, **changed):
    """A message of this number in the outbox, and its files."""
    row = {
        "message_id": NAME.format(number), "alert_id": f"a{number}", "kind": "opened",
        "channel": "files", "payload": {}, "state": "sent", "created_on": DAY.date(),
        "release_id": f"r{number}",
    }  # fmt: skip
    with monitor.state.begin() as connection:
        connection.execute(sa.insert(outbox).values(row | changed))
    for ending in ("json", "html", "eml"):
        (monitor.home.outbox / f"{row['message_id']}.{ending}").write_text("a message")


def in_outbox(monitor):
    with monitor.state.read() as connection:
        rows = set(connection.scalars(sa.select(outbox.c.message_id)))
    files = {path.stem for path in monitor.home.outbox.iterdir()}
    return sorted(int(name[-1]) for name in rows), sorted(int(name[-1]) for name in files)


def test_messages_go_when_they_were_sent_or_given_up_long_ago_and_their_files_with_them(monitor):
    for number, state in enumerate(("sent", "dead", "pending", "failed")):
        message(monitor, number, state=state)
    message(monitor, 4, created_on=date(2026, 10, 21))
    purge(monitor, date(2028, 10, 20))
    assert in_outbox(monitor) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert len(purge(monitor, date(2028, 10, 21)).messages) == 2
    assert in_outbox(monitor) == ([2, 3, 4], [2, 3, 4])


def test_old_files_of_messages_that_nobody_knows_go_and_other_files_stay(monitor):
    strays = [monitor.home.outbox / f"{NAME.format(5)}.json", monitor.home.outbox / "read me.txt"]
    for path in strays:
        path.write_text("left behind")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    purge(monitor, date(2026, 10, 21))
    assert [path.exists() for path in strays] == [False, True]


def attempt(monitor, number, outcome, started_at=DAY):
    row = {
        "run_id": f"run {number}", "number": number, "started_at": started_at,
        "as_of": started_at.date(), "outcome": outcome, "detail": {},
    }  # fmt: skip
    with monitor.state.begin() as connection:
        connection.execute(sa.insert(runs).values(row))


def attempts(monitor):
    with monitor.state.read() as connection:
        return list(connection.scalars(sa.select(runs.c.number).order_by(runs.c.number)))


def test_records_of_runs_go_but_for_the_last_good_ones_and_those_of_releases(monitor):
    """The last ones are told by their numbers: the clock was a year ahead for some."""
    ahead = DAY + timedelta(days=365)
    outcomes = ["failed", "released", "history", "unchanged", "busy", "unchanged", "nothing"]
    for number, outcome in enumerate([*outcomes, "nothing", "killed", None], 1):
        attempt(monitor, number, outcome, ahead if number == 4 else DAY)
    purge(monitor, date(2028, 10, 20))
    assert len(attempts(monitor)) == 10
    purge(monitor, date(2028, 10, 21))
    assert attempts(monitor) == [2, 3, 4, 6, 8, 10]
    purge(monitor, date(2040, 1, 1))
    assert attempts(monitor) == [2, 3, 6, 8, 10]


def release(monitor, number, as_of):
    folder = monitor.home.releases / f"r{number}"
    folder.mkdir()
    manifest = {
        "release_id": f"r{number}", "as_of": str(as_of), "built_at": "", "content_hash": "",
        "simulated": True, "code_version": "1",
    }  # fmt: skip
    (folder / releases.MANIFEST).write_text(json.dumps(manifest))


def test_releases_go_that_no_kept_message_of_an_alert_leads_to(monitor):
    """A digest, of which every release has one, and a message that was never sent keep none."""
    for number in range(1, 9):
        release(monitor, number, date(2026, 10, number))
    message(monitor, 1)
    message(monitor, 2, kind="digest", alert_id=None)
    message(monitor, 3, state="dead")
    message(monitor, 4, state="pending")
    settings = load_settings(monitor.home).model_copy(
        update={"today": date(2028, 10, 20), "keep_releases": 2}
    )
    found = retention.apply(monitor.home, monitor.state, settings)
    assert [one.release_id for one in found.releases] == ["r6", "r5", "r3", "r2"]
    later = settings.model_copy(update={"today": date(2028, 10, 21)})
    found = retention.apply(monitor.home, monitor.state, later)
    assert [one.release_id for one in found.releases] == ["r1"]
    assert sorted(path.name for path in monitor.home.releases.iterdir()) == ["r4", "r7", "r8"]


@pytest.mark.parametrize(
    "name",
    [
        "faults.log",
        "logs/faults-2023-11-14.txt",
        "logs/sightline-2023-11-14.jsonl",
        "logs/below/a.log",
        "dbt/logs/below/a.log",
        "dagster/compute_logs/below/a.log",
        "dagster-damaged-1/below/a.log",
    ],
)
def test_every_log_goes_when_it_is_old(monitor, name):
    log = monitor.home.restricted / name
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("what happened")
    os.utime(log, (1_700_000_000, 1_700_000_000))
    purge(monitor, date(2024, 11, 14))
    assert log.exists()
    purge(monitor, date(2024, 11, 15))
    assert not log.exists()


def test_events_of_alerts_and_the_audit_are_never_removed(monitor):
    event = {"alert_id": "a1", "occurred_on": DAY.date(), "event": "opened"}
    with monitor.state.begin() as connection:
        connection.execute(sa.insert(alert_events).values(event))
        audit.record(connection, "a deed", "of somebody", "for a reason")
    purge(monitor, date(2090, 1, 1))
    with monitor.state.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(alert_events)) == 1
    assert "a deed" in {entry["action"] for entry in audit.entries(monitor.state)}


def test_what_goes_without_a_fixed_date_goes_by_the_clock(monitor, monkeypatch):
    message(monitor, 0)
    settings = load_settings(monitor.home).model_copy(update={"today": None})
    monkeypatch.setattr(clock, "now", lambda: datetime.combine(date(2028, 10, 21), NOON))
    assert len(retention.due(monitor.home, monitor.state, settings).messages) == 1
    monkeypatch.setattr(clock, "now", lambda: datetime.combine(date(2028, 10, 20), NOON))
    assert retention.due(monitor.home, monitor.state, settings).messages == []
