"""Each rule of `sightline health` calls at its fault, from its limit on, and at nothing else."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from support import sightline

from sightline.orchestration import health, lock
from sightline.orchestration.health import RULES, examine
from sightline.warehouse import clock
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, outbox, releases, runs, settings, submissions
from sightline.warehouse.pseudonyms import keys

pytestmark = pytest.mark.slow

NOW = datetime.fromisoformat("2026-10-20T09:00")
RELEASE = "2026-10-20.1"
DATABASE = b"\0" * 8 + b"DUCK" + b"\0" * 5_000
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


class Monitor(NamedTuple):
    """A monitor that has run well this morning: every rule holds."""

    home: Home
    state: State

    def add(self, table: sa.Table, **row: Any) -> None:
        with self.state.begin() as connection:
            connection.execute(sa.insert(table).values(row))

    def ran(self, number: int, outcome: str | None, at: datetime = NOW, **more: Any) -> None:
        row = {"started_at": at, "finished_at": at if outcome else None, "as_of": at.date()}
        self.add(runs, run_id=f"r{number}", number=number, outcome=outcome, **(row | more))

    def sent(self, number: int, sender: str, extract: str, first: date, last: date) -> None:
        self.add(
            submissions, submission_id=number, sender=sender, extract=extract, period_start=first,
            period_end=last, received_on=last, sha256=str(number), original_name="a",
            landing_name="a", status="accepted", arrival=number,
        )  # fmt: skip

    def told(self, state: str, at: datetime) -> None:
        self.add(
            outbox, message_id=f"m{at}{state}", kind="digest", channel="smtp", payload={},
            state=state, created_on=at.date(), created_at=at, last_error="the server answered 421",
        )  # fmt: skip

    def says(self, text: str) -> None:
        self.home.config.write_text(text)

    def faults(self) -> dict[str, str]:
        return {fault.rule: fault.message for fault in examine(self.home)}

    def rules(self) -> list[str]:
        return [fault.rule for fault in examine(self.home)]


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    home = homes.create(tmp_path / "monitor")
    state = State(home.state_db)
    made = Monitor(home, state)
    with state.begin() as connection:
        keys.pin(connection, keys.read(home.key))
    made.add(
        releases, release_id=RELEASE, sequence=1, built_at=NOW, as_of=NOW.date(), content_hash="",
        code_version="", simulated=False, is_current=True,
    )  # fmt: skip
    made.ran(1, "released", release_id=RELEASE, exit_code=0)
    folder = home.releases / RELEASE
    folder.mkdir()
    (folder / "sightline.duckdb").write_bytes(DATABASE)
    files = {"sightline.duckdb": {"bytes": len(DATABASE)}}
    (folder / "manifest.json").write_text(json.dumps({"release_id": RELEASE, "files": files}))
    home.current.symlink_to(Path("releases") / RELEASE)
    yield made
    state.close()


def test_a_monitor_that_has_run_well_is_healthy(monitor: Monitor) -> None:
    assert monitor.faults() == {}


def test_a_new_monitor_has_published_nothing(tmp_path: Path) -> None:
    home = homes.create(tmp_path / "new")
    assert [fault.rule for fault in examine(home)] == ["NOTHING_PUBLISHED"]
    assert not home.state_db.exists()


@pytest.mark.parametrize(
    ("age", "text", "rules"),
    [
        (2 * DAY, "", []),
        (2 * DAY + MINUTE, "", ["RUN_OVERDUE"]),
        (2 * DAY + MINUTE, "[health]\nmax_age_days = 3", []),
        (3 * DAY + MINUTE, "[health]\nmax_age_days = 3", ["RUN_OVERDUE"]),
    ],
)
@pytest.mark.parametrize("outcome", ["released", "unchanged", "nothing"])
def test_the_last_good_run_may_be_two_days_old(
    monitor: Monitor, age: timedelta, text: str, rules: list[str], outcome: str
) -> None:
    monitor.says(text)
    with monitor.state.begin() as connection:
        connection.execute(sa.update(runs).values(outcome=outcome, finished_at=NOW - age))
    assert monitor.rules() == rules


def test_the_age_can_be_asked_for_another_number_of_days(monitor: Monitor) -> None:
    with monitor.state.begin() as connection:
        connection.execute(sa.update(runs).values(finished_at=NOW - 5 * DAY))
    assert [fault.rule for fault in examine(monitor.home, 5)] == []
    assert [fault.rule for fault in examine(monitor.home, 4)] == ["RUN_OVERDUE"]


@pytest.mark.parametrize(
    ("outcome", "rules"),
    [
        ("failed", ["RUN_FAILED"]),
        ("gate_failed", ["RUN_FAILED"]),
        ("killed", ["RUN_FAILED"]),
        ("configuration", ["RUN_FAILED"]),
        ("key", ["RUN_FAILED"]),
        ("busy", []),
        ("history", []),
        ("partial", []),
    ],
)
def test_an_attempt_that_failed_since_is_told_until_a_good_run(
    monitor: Monitor, outcome: str, rules: list[str]
) -> None:
    monitor.ran(2, outcome)
    monitor.ran(3, "busy")
    assert monitor.rules() == rules
    monitor.ran(4, "nothing")
    assert monitor.rules() == []


def test_the_gates_that_did_not_hold_are_named(monitor: Monitor) -> None:
    monitor.ran(2, "gate_failed", detail={"gates": ["marts_are_coherent"]}, exit_code=5)
    assert "marts_are_coherent" in monitor.faults()["RUN_FAILED"]


def test_a_run_without_an_end_is_told_unless_it_goes_on(monitor: Monitor) -> None:
    monitor.ran(2, None)
    assert monitor.rules() == ["RUN_FAILED"]
    with lock.held(monitor.home.restricted / "run.lock"):
        assert monitor.rules() == []


@pytest.mark.parametrize(
    ("status", "since", "rules"),
    [
        ("QUEUED", 16 * MINUTE, ["QUEUE_STUCK"]),
        ("STARTED", 16 * MINUTE, ["QUEUE_STUCK"]),
        ("STARTING", 16 * MINUTE, ["QUEUE_STUCK"]),
        ("QUEUED", 14 * MINUTE, []),
        ("SUCCESS", 16 * MINUTE, []),
        ("FAILURE", 16 * MINUTE, []),
    ],
)
def test_a_queue_that_does_not_move_is_told(
    monitor: Monitor, status: str, since: timedelta, rules: list[str]
) -> None:
    folder = monitor.home.dagster / "history"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "runs.db")) as storage:
        storage.execute("create table runs (run_id, status, update_timestamp datetime)")
        when = (NOW - since).isoformat(sep=" ")
        storage.execute("insert into runs values ('r', ?, ?)", (status, when))
        storage.commit()
    assert monitor.rules() == rules
    with lock.held(monitor.home.restricted / "run.lock"):
        assert monitor.rules() == []
    (folder / "runs.db").write_bytes(b"no database" * 99)
    assert monitor.rules() == ["QUEUE_STUCK"]


def overwritten(path: Path) -> None:
    path.write_bytes(b"no database" * 999)


def bent(path: Path) -> None:
    """One page in the middle."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [overwritten, bent, cut_off])
def test_a_damaged_state_is_told_and_not_touched(
    monitor: Monitor, damage: Callable[[Path], None]
) -> None:
    monitor.state.compact()
    monitor.state.close()
    damage(monitor.home.state_db)
    before = hashlib.sha256(monitor.home.state_db.read_bytes()).hexdigest()
    assert "STATE_DAMAGED" in monitor.rules()
    assert hashlib.sha256(monitor.home.state_db.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_state_that_is_gone_is_told(monitor: Monitor, is_empty: bool) -> None:
    monitor.state.compact()
    monitor.state.close()
    monitor.home.state_db.unlink()
    if is_empty:
        monitor.home.state_db.touch()
    assert monitor.rules() == ["STATE_OLDER"]


def another_key(home: Home) -> None:
    home.key.unlink()
    homes.write_secret(home.key, os.urandom(32))


def seen_by_others(home: Home) -> None:
    home.key.chmod(0o644)


def lost(home: Home) -> None:
    home.key.unlink()


@pytest.mark.parametrize("fault", [another_key, seen_by_others, lost])
def test_a_wrong_key_is_told(monitor: Monitor, fault: Callable[[Home], None]) -> None:
    fault(monitor.home)
    assert monitor.rules() == ["KEY_WRONG"]


def test_a_change_of_keys_that_has_not_ended_is_no_fault(monitor: Monitor) -> None:
    monitor.home.rotation.mkdir()
    fresh = monitor.home.rotation / monitor.home.key.name
    homes.write_secret(fresh, os.urandom(32))
    with monitor.state.begin() as connection:
        keys.pin(connection, keys.read(fresh))
    assert monitor.rules() == []


def test_a_short_disk_is_told(monitor: Monitor) -> None:
    """Fault 82."""
    monitor.says("least_free = '999999999GB'")
    assert monitor.rules() == ["DISK_SHORT"]


@pytest.mark.parametrize(("later", "rules"), [(119 * MINUTE, []), (121 * MINUTE, ["INBOX_WAITS"])])
def test_a_file_may_wait_two_hours(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, later: timedelta, rules: list[str]
) -> None:
    """Whatever its sender's clock says: it counts from when it was put there."""
    path = monitor.home.inbox / "301" / "return.csv"
    path.parent.mkdir()
    path.write_text("upn\n")
    os.utime(path, (0, 0))
    put = datetime.utcfromtimestamp(path.lstat().st_ctime)  # noqa: DTZ004 (as the state keeps it)
    monkeypatch.setattr(clock, "now", lambda: put + later)
    assert [one for one in monitor.rules() if one == "INBOX_WAITS"] == rules
    with lock.held(monitor.home.restricted / "run.lock"):
        assert "INBOX_WAITS" not in monitor.rules()


SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
AUGUST = (date(2026, 8, 1), date(2026, 8, 31))


@pytest.mark.parametrize(
    ("day", "rules"), [(date(2026, 10, 20), []), (date(2026, 10, 21), ["RETURN_OVERDUE"])]
)
def test_a_return_is_overdue_from_the_day_after_it_was_due(
    monitor: Monitor, day: date, rules: list[str]
) -> None:
    monitor.says(f"today = {day}")
    monitor.sent(1, "301", "ssd", *AUGUST)
    monitor.sent(2, "302", "ssd", *SEPTEMBER)
    assert monitor.rules() == rules
    if rules:
        assert "301 ssd since 20 October 2026" in monitor.faults()["RETURN_OVERDUE"]


def test_eleven_months_without_a_file_are_told(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor.sent(1, "301", "ssd", *SEPTEMBER)
    monkeypatch.setattr(clock, "now", lambda: NOW + 330 * DAY)
    assert monitor.rules() == ["RUN_OVERDUE", "RETURN_OVERDUE"]
    assert "301 ssd since 20 November 2026" in monitor.faults()["RETURN_OVERDUE"]


def test_a_return_that_was_refused_or_held_back_has_not_come(monitor: Monitor) -> None:
    monitor.says("today = 2026-10-21")
    monitor.sent(1, "301", "ssd", *AUGUST)
    monitor.sent(2, "301", "ssd", *SEPTEMBER)
    assert monitor.rules() == []
    with monitor.state.begin() as connection:
        last = sa.update(submissions).where(submissions.c.submission_id == 2)
        connection.execute(last.values(held_reason="too many rows"))
    assert monitor.rules() == ["RETURN_OVERDUE"]


def test_an_expected_sender_that_never_sent_is_told(monitor: Monitor) -> None:
    monitor.says("today = 2026-10-21\nauthorities = ['301', '302']")
    monitor.sent(1, "301", "ssd", *SEPTEMBER)
    assert "1 return of 1 sender should have come: 302 ssd" in monitor.faults()["RETURN_OVERDUE"]
    monitor.says("today = 2026-10-21")
    assert monitor.rules() == []


def test_who_tells_of_care_each_month_owes_no_return_of_it(monitor: Monitor) -> None:
    monitor.says("today = 2026-10-20")
    monitor.sent(1, "301", "ssda903", date(2026, 1, 1), date(2026, 3, 31))
    assert monitor.rules() == ["RETURN_OVERDUE"]
    monitor.sent(2, "301", "ssd", *SEPTEMBER)
    assert monitor.rules() == ["RETURN_OVERDUE"], "its tables of care are not in use"
    profile = {name: {"rows": 1, "is_held": True} for name in telling("ssd")}
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "insert into submission_profiles values (2, ?)", (json.dumps(profile),)
        )
    assert monitor.rules() == []


def telling(extract: str) -> set[str]:
    from sightline.warehouse.contracts import schema as contract

    return set(contract.load()[extract].telling_tables)


@pytest.mark.parametrize(
    ("state", "waited", "rules"),
    [
        ("pending", HOUR, []),
        ("pending", HOUR + MINUTE, ["MESSAGE_WAITS"]),
        ("failed", MINUTE, ["MESSAGE_FAILED"]),
        ("failed", HOUR + MINUTE, ["MESSAGE_WAITS", "MESSAGE_FAILED"]),
        ("dead", MINUTE, ["MESSAGE_FAILED"]),
        ("sent", 9 * DAY, []),
    ],
)
def test_a_message_may_wait_an_hour_and_not_fail(
    monitor: Monitor, state: str, waited: timedelta, rules: list[str]
) -> None:
    monitor.told(state, NOW - waited)
    assert monitor.rules() == rules
    if "MESSAGE_FAILED" in rules:
        assert "the server answered 421" in monitor.faults()["MESSAGE_FAILED"]


def test_a_channel_that_cannot_work_is_told(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor.says(
        "[[delivery]]\nkind = 'smtp'\nhost = 'mail'\nsender = 'a@b.uk'\nrecipients = ['c@d.uk']\n"
        "username = 'u'\npassword_env = 'MAIL_WORD'"
    )
    assert monitor.faults() == {
        "CHANNEL_UNUSABLE": "smtp: the environment variable MAIL_WORD is not set"
    }
    monkeypatch.setenv("MAIL_WORD", "x")
    assert monitor.rules() == []
    monitor.home.outbox.rmdir()
    monitor.home.outbox.write_text("in the way")
    assert monitor.rules() == ["CHANNEL_UNUSABLE"]


@pytest.mark.parametrize("text", ["keep_release = 6", "[[delivery]]\nkind = 'pigeon'", "name ="])
def test_wrong_settings_are_one_fault_and_hide_no_other(monitor: Monitor, text: str) -> None:
    monitor.says(text)
    monitor.ran(2, "failed")
    assert monitor.rules() == ["SETTINGS_WRONG", "RUN_FAILED"]


@pytest.mark.parametrize(("behind", "rules"), [(HOUR, []), (HOUR + MINUTE, ["CLOCK_BEHIND"])])
def test_a_clock_behind_the_last_run_is_told(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, behind: timedelta, rules: list[str]
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW - behind)
    assert monitor.rules() == rules


def test_a_clock_that_gains_a_day_on_the_machine_is_told(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    up, boot = tmp_path / "uptime", tmp_path / "boot"
    boot.write_text("one\n")
    monkeypatch.setattr("sightline.warehouse.ledger.clock_marks.UPTIME", up)
    monkeypatch.setattr("sightline.warehouse.ledger.clock_marks.BOOT", boot)
    monitor.add(settings, name="clock_base", value=f"{(NOW - 2 * DAY).isoformat()} 1000 one")
    for gained, rules in ((DAY + HOUR, []), (DAY + HOUR + MINUTE, ["CLOCK_AHEAD"])):
        up.write_text(f"{1000 + (2 * DAY - gained).total_seconds():.2f} 5\n")
        assert monitor.rules() == rules
    monitor.says("today = 2026-10-20")
    assert monitor.rules() == []
    monitor.says("")
    boot.write_text("another\n")
    assert monitor.rules() == []


def without_manifest(release: Path) -> None:
    (release / "manifest.json").unlink()


def of_another(release: Path) -> None:
    (release / "manifest.json").write_text('{"release_id": "2026-10-19.1"}')


def without_database(release: Path) -> None:
    (release / "sightline.duckdb").unlink()


def with_a_short_database(release: Path) -> None:
    os.truncate(release / "sightline.duckdb", len(DATABASE) - 1)


def with_no_database(release: Path) -> None:
    (release / "sightline.duckdb").write_bytes(b"x" * 99_999)


@pytest.mark.parametrize(
    "damage",
    [without_manifest, of_another, without_database, with_a_short_database, with_no_database,
     shutil.rmtree],
)  # fmt: skip
def test_a_damaged_release_is_told(monitor: Monitor, damage: Callable[[Path], None]) -> None:
    damage(monitor.home.releases / RELEASE)
    assert monitor.rules() == ["RELEASE_DAMAGED"]


@pytest.mark.parametrize("name", ["inbox", "outbox", "published"])
def test_a_folder_that_is_missing_is_named_once(monitor: Monitor, name: str) -> None:
    shutil.rmtree(monitor.home.root / name)
    told = {fault.rule: fault.message for fault in examine(monitor.home)}
    assert str(monitor.home.root / name) in told["FOLDER_MISSING"]
    assert not any("could not be told" in message for message in told.values())


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_breaks_is_a_fault_and_hides_no_other(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(_: Any) -> Iterator[str]:
        raise RuntimeError("with words that may quote data")

    monkeypatch.setitem(RULES, name, broken)
    monitor.told("dead", NOW)
    found = monitor.faults()
    assert set(found) == {name, "MESSAGE_FAILED"}
    assert found[name] == "this could not be told: RuntimeError"


def test_it_writes_nothing_but_the_heartbeat(monitor: Monitor) -> None:
    monitor.state.close()
    before = tree(monitor.home.root)
    done = sightline("health", "--json", "--home", str(monitor.home.root))
    after = tree(monitor.home.root)
    logs = {name for name in after if "logs" in name}
    assert {name for name in after if after[name] != before.get(name)} - logs == {"heartbeat.json"}
    assert json.loads(done.stdout)["faults"] != []


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def test_the_heartbeat_says_how_the_last_attempt_ended_and_what_is_wrong(monitor: Monitor) -> None:
    monitor.ran(2, "failed", exit_code=1)
    health.beat(monitor.home)
    path = monitor.home.root / "heartbeat.json"
    assert json.loads(path.read_text()) == {
        "time": "2026-10-20T09:00:00Z",
        "run": 2,
        "outcome": "failed",
        "exit_code": 1,
        "finished_at": "2026-10-20T09:00:00Z",
        "release": RELEASE,
        "healthy": False,
        "faults": ["RUN_FAILED"],
    }
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("fault", [OSError, ValueError])
def test_a_heartbeat_that_cannot_be_written_harms_nobody(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(Path, "replace", full)
    health.beat(monitor.home)
    assert not list(monitor.home.root.glob("*heartbeat*"))
    assert not list(monitor.home.root.glob(".*heartbeat*"))


def test_an_attempt_that_stops_at_once_beats_too(monitor: Monitor) -> None:
    from sightline.orchestration import pipeline

    monitor.says("keep_release = 6")
    with pytest.raises(ConfigurationError):
        pipeline.run(monitor.home)
    told = json.loads((monitor.home.root / "heartbeat.json").read_text())
    assert (told["outcome"], told["faults"]) == ("configuration", ["SETTINGS_WRONG", "RUN_FAILED"])


def test_it_loads_no_framework() -> None:
    code = "import sys; from sightline.orchestration import health; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "dagster", "dbt", "duckdb", "alembic"} & set(done.stdout.split())
