"""State, originals, facts and releases belong together; what does not is told, and kept."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import click
import intake_files as files
import pytest
from intake_files import referrals, ssd

from sightline.orchestration import attempts
from sightline.orchestration.cli import commands
from sightline.orchestration.run import ready
from sightline.warehouse import belonging
from sightline.warehouse import home as homes
from sightline.warehouse.belonging import NotTogether, StateDamaged
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.ledger.state import State
from sightline.warehouse.ledger.state import releases as recorded

pytestmark = pytest.mark.slow

PAGE = 4096
# They work on any monitor, or say themselves what is wrong with it.
EXEMPT = {"doctor", "health", "adopt", "move-state"}


def publish(monitor, sequence: int, *, is_recorded: bool = True) -> None:
    """A release as far as recovery looks at one: a folder, its record, and readers led to it."""
    name = f"2026-10-20.{sequence}"
    folder = monitor.home.releases / name
    folder.mkdir()
    (folder / "data").write_text(name)
    manifest = {
        "release_id": name, "as_of": "2026-10-20", "built_at": f"2026-10-20 0{sequence}:00",
        "content_hash": name, "simulated": True, "code_version": "1",
        "files": {
            "data": {"sha256": hashlib.sha256(name.encode()).hexdigest(), "bytes": len(name)}
        },
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    if not is_recorded:
        return
    with monitor.state.begin() as connection:
        connection.execute(recorded.update().values(is_current=False))
        row = {
            "release_id": name, "sequence": sequence, "content_hash": name, "simulated": True,
            "built_at": datetime(2026, 10, 20, tzinfo=UTC), "as_of": files.TODAY,
            "code_version": "1", "is_current": True,
        }  # fmt: skip
        connection.execute(recorded.insert(), row)
    monitor.home.current.unlink(missing_ok=True)
    monitor.home.current.symlink_to(f"releases/{name}")


def worked(monitor, sequence: int) -> None:
    """What a run does: takes a file in, publishes, leaves its marks."""
    monitor.send(ssd(ssd_cin_episodes=referrals(20 + sequence)))
    publish(monitor, sequence)
    belonging.mark(monitor.home, monitor.state)


def copied(monitor, path) -> None:
    with (
        closing(sqlite3.connect(monitor.home.state_db)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)


@pytest.fixture(scope="module")
def after_two_runs(tmp_path_factory):
    """A monitor after two runs, and its state from before the first and after it."""
    folder = tmp_path_factory.mktemp("two")
    monitor = files.monitor(folder / "monitor")
    copied(monitor, folder / "before.db")
    worked(monitor, 1)
    copied(monitor, folder / "once.db")
    worked(monitor, 2)
    monitor.state.close()
    return folder


@pytest.fixture
def home(tmp_path, after_two_runs):
    shutil.copytree(after_two_runs, tmp_path / "all", symlinks=True)
    return homes.find(tmp_path / "all" / "monitor")


def everything(home) -> dict[str, str]:
    """Every file by its hash, but for what SQLite keeps beside a database while it is open."""
    return {
        str(path.relative_to(home.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    }


def put_back(home, name: str) -> None:
    shutil.copyfile(home.root.parent / name, home.state_db)


def of_another(home) -> None:
    other = files.monitor(home.root.parent / "other")
    for sequence in (1, 2, 3):
        worked(other, sequence)
    other.state.close()
    shutil.copyfile(other.home.state_db, home.state_db)


def without_marks(home) -> None:
    for place in (home.landing, home.raw, home.published):
        (place / belonging.MARK).unlink()


def overwritten(path, offset: int, length: int = PAGE) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\x55" * length)


def page_of(path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = "select rootpage from sqlite_master where name = ?"
        return int(connection.execute(query, (table,)).fetchone()[0])


SPOILED = {
    "of one run ago": (lambda home: put_back(home, "once.db"), "older"),
    "of before the first run": (lambda home: put_back(home, "before.db"), "older"),
    "missing": (lambda home: home.state_db.unlink(), "missing"),
    "empty": (lambda home: home.state_db.write_bytes(b""), "empty"),
    "of another monitor": (of_another, "belongs to monitor"),
    "of one run ago, without marks": (
        lambda home: (without_marks(home), put_back(home, "once.db")),
        "older",
    ),
    "of before the first run, without marks": (
        lambda home: (without_marks(home), put_back(home, "before.db")),
        "older",
    ),
    "missing, without marks": (
        lambda home: (without_marks(home), home.state_db.unlink()),
        "missing",
    ),
    "with a damaged header": (lambda home: overwritten(home.state_db, 0, 100), "damaged"),
    "with a damaged page": (
        lambda home: overwritten(home.state_db, PAGE * (page_of(home.state_db, "problems") - 1)),
        "damaged",
    ),
    "cut off": (
        lambda home: home.state_db.write_bytes(home.state_db.read_bytes()[: 3 * PAGE]),
        "damaged",
    ),
    "no database": (lambda home: home.state_db.write_text("state\n" * 2000), "damaged"),
}


@pytest.fixture(params=SPOILED)
def spoiled(request, home):
    """The monitor with a state that does not belong to it, and what is to be said of that."""
    spoil, said = SPOILED[request.param]
    spoil(home)
    return home, said


def leaves(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        elif any(one.name == "folder" and "--home" in one.opts for one in command.params):
            yield " ".join((*path, name)), command


CHECKED = {name: one for name, one in leaves(commands) if name not in EXEMPT}


def test_a_monitor_that_ran_belongs_together(home):
    belonging.check(home)
    assert len(CHECKED) > 20


def test_every_command_says_so_and_deletes_nothing(spoiled):
    home, said = spoiled
    before = everything(home)
    for name, command in CHECKED.items():
        options = {one.name: None for one in command.params if one.name != "folder"}
        with pytest.raises(ConfigurationError, match=said) as raised:
            command.callback(folder=home.root, **options)
        assert raised.value.exit_code == 3, name
        assert "\n" not in raised.value.message
    assert everything(home) == before


def test_a_run_started_anywhere_says_so_and_deletes_nothing(spoiled):
    home, said = spoiled
    before = everything(home)
    with pytest.raises(ConfigurationError, match=said), ready(home):
        pass
    assert everything(home) == before


def test_a_state_is_never_made_anew_where_much_stands(home):
    home.state_db.unlink()
    with pytest.raises(NotTogether, match="missing"):
        State(home.state_db)
    assert not home.state_db.exists()


def test_the_sentence_has_the_numbers_and_the_remedy(home):
    put_back(home, "once.db")
    with pytest.raises(NotTogether) as raised:
        belonging.check(home)
    assert "it knows 1 releases" in raised.value.message
    assert "has seen 2" in raised.value.message
    assert "sightline restore" in raised.value.message


def test_a_page_that_is_damaged_later_is_told_where_it_is_met(home):
    state = State(home.state_db)
    overwritten(home.state_db, PAGE * (page_of(home.state_db, "problems") - 1))
    with pytest.raises(StateDamaged), state.read() as connection:
        connection.exec_driver_sql("select * from problems").fetchall()


@pytest.mark.parametrize(
    ("older", "lost"),
    [("landing", "restricted/landing is older"), ("raw", "restricted/raw is older")],
)
def test_an_older_copy_of_originals_or_facts_is_told(home, older, lost):
    folder = home.restricted / older
    mark = json.loads((folder / belonging.MARK).read_text())
    (folder / belonging.MARK).write_text(json.dumps(mark | {"submission": 1, "release": 1}))
    with pytest.raises(NotTogether, match=lost):
        belonging.check(home)


def test_facts_that_are_gone_are_told(home):
    next(home.raw.glob("ssd_persons/*.parquet")).unlink()
    with pytest.raises(NotTogether, match=r"lacks 1 of the files"):
        belonging.check(home)


@pytest.mark.parametrize("what", ["what is in it", "the folder"])
def test_originals_that_are_gone_with_their_mark_are_told(home, what):
    shutil.rmtree(home.landing)
    if what != "the folder":
        home.landing.mkdir()
    with pytest.raises(NotTogether, match=r"landing lacks \d of the originals"), ready(home):
        pass


def test_a_mark_that_is_behind_or_unreadable_is_mended_by_the_next_run(home):
    for place in (home.published, home.raw, home.landing):
        mark = json.loads((place / belonging.MARK).read_text())
        (place / belonging.MARK).write_text(json.dumps(mark | {"release": 1}))
    (home.published / belonging.MARK).write_text("{")
    with ready(home):
        pass
    seen = belonging.marks(home)
    assert {one.release for one in seen.values()} == {2}
    assert len(seen) == 3


def test_a_monitor_of_before_there_were_marks_gets_them(home):
    without_marks(home)
    with ready(home):
        pass
    assert len(belonging.marks(home)) == 3


def test_what_a_killed_run_placed_and_did_not_record_goes(home):
    monitor = files.Monitor(home, State(home.state_db))
    publish(monitor, 3, is_recorded=False)
    (home.releases / ".draft-2026-10-20.3").mkdir()
    with ready(home):
        pass
    assert sorted(path.name for path in home.releases.iterdir()) == ["2026-10-20.1", "2026-10-20.2"]
    assert not home.orphans.exists()


def test_a_release_that_the_ledger_passed_over_is_set_aside(home):
    monitor = files.Monitor(home, State(home.state_db))
    with monitor.state.begin() as connection:
        connection.execute(recorded.delete().where(recorded.c.sequence == 1))
    with ready(home):
        pass
    assert [path.name for path in (home.orphans / "releases").iterdir()] == ["2026-10-20.1"]


def test_a_damaged_release_is_set_aside_and_the_former_is_shown(home):
    monitor = files.Monitor(home, State(home.state_db))
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "insert into runs (run_id, number, started_at, as_of, outcome, release_id)"
            " values ('r', 1, '2026-10-20 00:00:00', '2026-10-20', 'released', '2026-10-20.1')"
        )
    (home.releases / "2026-10-20.2" / "data").write_text("2026-10-20.X")
    with ready(home):
        pass
    assert home.current.readlink().name == "2026-10-20.1"
    assert [path.name for path in (home.orphans / "releases").iterdir()] == ["2026-10-20.2"]


def test_a_state_is_read_where_nobody_may_write(home, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: not mode & 2)
    belonging.check(home)
    state = State(home.state_db)
    with state.read() as connection:
        assert connection.exec_driver_sql("select count(*) from submissions").scalar() == 2
    state.close()
    assert not home.state_db.with_name("state.db-wal").exists()


def test_an_attempt_is_not_recorded_in_a_state_that_does_not_belong(home):
    put_back(home, "once.db")
    before = everything(home)
    for _ in range(3):
        with pytest.raises(NotTogether), attempts.recorded(home, "r", "schedule"), ready(home):
            pass
    assert everything(home) == before


def test_a_log_that_a_killed_run_left_is_read_where_nobody_may_write(home, monkeypatch):
    with closing(sqlite3.connect(home.state_db)) as writer:
        writer.execute("pragma wal_autocheckpoint = 0")
        writer.execute("insert into settings values ('late', 'word')")
        writer.commit()
        left = home.root.parent / "left"
        left.mkdir()
        for name in ("state.db", "state.db-wal"):
            shutil.copyfile(home.restricted / name, left / name)
    (home.restricted / "state.db-shm").unlink(missing_ok=True)
    for path in left.iterdir():
        shutil.copyfile(path, home.restricted / path.name)
    monkeypatch.setattr("os.access", lambda path, mode: not mode & 2)
    belonging.check(home)
    state = State(home.state_db)
    with state.read() as connection:
        query = "select value from settings where name = 'late'"
        assert connection.exec_driver_sql(query).scalar() == "word"
    state.close()
    assert not (home.restricted / "state.db-shm").exists()


def test_who_may_only_read_what_is_published_is_not_kept_from_it(home, monkeypatch):
    home.state_db.unlink()
    monkeypatch.setattr("os.access", lambda path, mode: path != home.restricted)
    belonging.check(home)
