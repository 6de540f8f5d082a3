"""Second deliveries, corrections, and crashes: the same files always lead to the same rows."""

import inspect
import os
import signal
import subprocess
import sys

import intake_files as files
import killing
import pytest
from intake_files import MARCH, referrals, rules, ssd, zipped

from sightline.warehouse import belonging, orphans
from sightline.warehouse.intake.judge import submission as judging
from sightline.warehouse.intake.receive import landing
from sightline.warehouse.intake.receive.landing import land

KEY = "aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5"
TABLES = ("ssd_persons", "ssd_identifiers", "ssd_referrals", "ssd_assessments", "ssd_factors")

KILLED_AT = f"""{inspect.getsource(killing)}

from pathlib import Path
from sightline.warehouse import home as homes
from sightline.warehouse.take_in import take_in
from sightline.warehouse.settings import load_settings
from sightline.warehouse.ledger.state import State

folder, module, function, calls = sys.argv[1:]
home = homes.find(Path(folder))
state = State(home.state_db)
kill_at(module, function, int(calls))
take_in(home, load_settings(home), state)
"""


@pytest.fixture
def monitor(tmp_path):
    return prepared(tmp_path / "monitor")


def prepared(folder):
    one = files.monitor(folder)
    one.home.key.write_text(KEY)
    return one


def rows(monitor):
    return {table: monitor.raw(table) for table in TABLES}


def drop_three(monitor):
    monitor.drop_zip(ssd(), name="a.zip")
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(40, "R99,K1,bad,N1,2A,N,,\n")), name="b.zip")
    for name, text in ssd().items():
        monitor.drop(f"folder/{name}", text, sender="302")
    monitor.drop(
        "folder/manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}', "302"
    )
    monitor.drop("c.csv", "", sender="303")


def test_the_same_bytes_again_change_nothing_whatever_their_name(monitor):
    monitor.drop_zip(ssd())
    monitor.take_in()
    before = rows(monitor)
    monitor.drop_zip(ssd(), name="copy.zip")
    report = monitor.take_in()
    assert (report.outcomes, report.repeated) == ([], ["301/copy.zip"])
    assert rows(monitor) == before
    assert len(monitor.ledger()) == 1
    assert list((monitor.home.inbox / "301").iterdir()) == []


def test_the_same_bytes_twice_at_once_count_once(monitor):
    monitor.drop_zip(ssd(), name="a.zip")
    monitor.drop_zip(ssd(), name="b.zip")
    report = monitor.take_in()
    assert (len(report.outcomes), report.repeated) == (1, ["301/b.zip"])


def arrivals(monitor):
    return {row["original_name"]: row["arrival"] for row in monitor.ledger()}


def test_what_comes_in_one_intake_has_its_number(monitor, monkeypatch):
    monkeypatch.setattr("sightline.warehouse.intake.receive.landing.CHUNK", 1)
    monitor.drop("a.csv", "a")
    monitor.drop("b.csv", "b", sender="302")
    monitor.take_in()
    monitor.drop("a.csv", "a")
    monitor.drop("c.csv", "c")
    monitor.take_in()
    assert arrivals(monitor) == {"a.csv": 1, "b.csv": 1, "c.csv": 2}


def cut_off(*_):
    raise InterruptedError


def test_an_intake_that_was_cut_off_goes_on_under_its_number(monitor, monkeypatch):
    monkeypatch.setattr("sightline.warehouse.intake.receive.landing.CHUNK", 1)
    for name in ("a.csv", "b.csv"):
        monitor.drop(name, name)
    with monkeypatch.context() as patched:
        patched.setattr(landing.belonging, "mark", cut_off)
        with pytest.raises(InterruptedError):
            land(monitor.home, monitor.state, files.TODAY)
    assert arrivals(monitor) == {"a.csv": 1}
    monitor.take_in()
    monitor.drop("c.csv", "c")
    monitor.take_in()
    assert arrivals(monitor) == {"a.csv": 1, "b.csv": 1, "c.csv": 2}


def test_refused_bytes_are_tried_again(monitor):
    for _ in range(2):
        monitor.drop("empty.csv", "")
        assert len(monitor.take_in().refused) == 1
    assert monitor.statuses() == ["quarantined"]


def test_two_senders_may_send_the_same_bytes(monitor):
    for sender in ("301", "302"):
        monitor.drop_zip(ssd(), sender=sender)
    assert len(monitor.take_in().accepted) == 2


def test_a_run_with_nothing_new_does_nothing(monitor):
    monitor.send(ssd())
    before = {p: p.stat().st_mtime_ns for p in monitor.home.raw.rglob("*.parquet")}
    report = monitor.take_in()
    assert report.outcomes == []
    assert {p: p.stat().st_mtime_ns for p in monitor.home.raw.rglob("*.parquet")} == before


def test_landed_bytes_are_kept_unchanged_and_for_the_owner_alone(monitor):
    content = zipped(ssd(), MARCH)
    monitor.drop("bundle.zip", content)
    monitor.take_in()
    [row] = monitor.ledger()
    path = monitor.home.landing / row["landing_name"]
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o400


def test_a_file_changed_behind_our_back_is_refused(monitor):
    monitor.drop_zip(ssd())
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "insert into submissions (sender, received_on, sha256, original_name, landing_name,"
            " status) values ('301', '2026-10-20', 'ab12', 'x.zip', 'ab/ab12', 'received')"
        )
    (monitor.home.landing / "ab").mkdir()
    (monitor.home.landing / "ab" / "ab12").write_bytes(zipped(ssd(), MARCH))
    assert [o.first_error.split(":")[0] for o in monitor.take_in().refused] == ["CHANGED"]


def test_many_batches_side_by_side_give_what_one_gives(tmp_path, monkeypatch):
    results = []
    for name, size in (("one", 1 << 30), ("many", 1)):
        monitor = prepared(tmp_path / name)
        for number in range(4):
            episodes = referrals(30 + number)
            monitor.drop_zip(ssd(ssd_cin_episodes=episodes), name=f"{number}.zip")
        monkeypatch.setattr("sightline.warehouse.take_in.BATCH_BYTES", size)
        report = monitor.take_in()
        results.append((rows(monitor), [vars(o) | {"batch": None} for o in report.outcomes]))
    assert results[0] == results[1]


def test_landed_bytes_that_are_gone_are_asked_for_again(monitor):
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "insert into submissions (sender, received_on, sha256, original_name, landing_name,"
            " status) values ('303', '2026-10-20', 'cd34', 'x.zip', 'cd/cd34', 'received')"
        )
    [outcome] = monitor.take_in().refused
    assert rules(outcome) == ["UNREADABLE"]


def test_a_fault_nobody_foresaw_stays_with_its_submission(monitor, monkeypatch):
    def fails_on_one(*arguments):
        connection, cases = arguments[0], arguments[1]
        if any(case.outcome.problems for case in cases):
            connection.execute("select cast('canary' as integer)").fetchall()
        judging.judge(*arguments)

    monkeypatch.setattr("sightline.warehouse.intake.batch.judge", fails_on_one)
    for number in range(5):
        odd = {"odd.csv": "x"} if number == 2 else {}
        monitor.drop_zip(ssd() | odd, name=f"{number}.zip", sender=f"30{number + 1}")
    report = monitor.take_in()
    assert len(report.accepted) == 4
    assert [rules(outcome) for outcome in report.refused] == [["UNREADABLE"]]
    assert "canary" not in str(report.refused)
    assert len(monitor.raw("ssd_persons")) == 4


@pytest.mark.parametrize(
    ("module", "function", "calls"),
    [
        ("intake.receive.landing", "_move", 1),
        ("intake.receive.landing", "_move", 3),
        ("intake.receive.landing", "_clear", 2),
        ("ledger.submissions", "waiting", 1),
        ("intake.batch", "_read", 2),
        ("intake.judge.submission", "judge", 1),
        ("intake.write", "_copy", 2),
        ("filesystems", "sync", 7),
        ("ledger.submissions", "conclude", 1),
        ("ledger.submissions", "_problem_rows", 2),
    ],
)
def test_a_run_killed_anywhere_and_run_again_gives_the_same(tmp_path, module, function, calls):
    calm, killed = prepared(tmp_path / "calm"), prepared(tmp_path / "killed")
    for monitor in (calm, killed):
        drop_three(monitor)
    calm.take_in()
    arguments = [str(killed.home.root), f"sightline.warehouse.{module}", function, str(calls)]
    done = subprocess.run([sys.executable, "-c", KILLED_AT, *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    belonging.check(killed.home)
    killed.take_in()
    belonging.check(killed.home)
    assert orphans.listed(killed.home) == []
    assert rows(killed) == rows(calm)
    assert killed.ledger() == calm.ledger()
    assert killed.refused_lines() == calm.refused_lines()
    assert list(killed.home.spool.iterdir()) == []


def test_a_worker_that_is_done_ends_at_once_and_says_nothing():
    script = (
        "import atexit, os;"
        "atexit.register(print, 'left over');"
        "from sightline.warehouse.intake.pool import end_with;"
        "end_with(os.getppid())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_worker_does_not_outlive_its_run():
    script = (
        "import os, subprocess, sys, time;"
        "from sightline.warehouse.intake.pool import end_with;"
        "end_with(os.getppid()); print(os.getpid(), flush=True); time.sleep(60)"
    )
    starter = (
        "import subprocess, sys;"
        f"child = subprocess.Popen([sys.executable, '-c', {script!r}], stdout=subprocess.PIPE);"
        "print(child.stdout.readline().decode(), flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter], capture_output=True, text=True, check=True
    )
    process = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123
            if file.read().split()[2] == "Z":
                return
        signal.sigtimedwait([], 0.1)
    pytest.fail("the worker is still running")
