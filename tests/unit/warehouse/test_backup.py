"""A copy is one consistent whole, also beside a run; what is put back is never a mixture."""

import json
import shutil

import intake_files as files
import pytest
from click.testing import CliRunner
from intake_files import referrals, ssd

from sightline.orchestration.cli import commands
from sightline.warehouse import backup, belonging, orphans
from sightline.warehouse.errors import ConfigurationError, KeyFault, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.pseudonyms import keys

pytestmark = pytest.mark.slow


def quiet(_stage: str, _done: int, _of: int) -> None:
    """Nobody watches."""


@pytest.fixture
def monitor(tmp_path):
    made = files.monitor(tmp_path / "monitor")
    made.send(ssd(ssd_cin_episodes=referrals(20, "R99,K1,yesterday,N1,2A,N,,\n")))
    keys.in_use(made.home, made.state)
    belonging.mark(made.home, made.state)
    return made


@pytest.fixture
def copy(monitor, tmp_path):
    backup.make(monitor.home, tmp_path / "copy", quiet)
    return tmp_path / "copy"


def content(home: Home) -> dict[str, bytes]:
    """Originals and rows."""
    folders = (home.landing, home.raw, home.quarantine)
    return {
        str(path.relative_to(home.root)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (belonging.MARK, orphans.JOURNAL)
    }


def said(*arguments: str):
    return CliRunner().invoke(commands, [*arguments], standalone_mode=False)


def test_a_copy_has_all_that_the_state_names_and_never_the_key(monitor, copy):
    told = backup.read(copy)
    kept = set(content(monitor.home))
    assert {one for one in told.files if one.startswith("restricted/")} - kept == {
        backup.STATE, backup.JOURNAL
    }  # fmt: skip
    assert kept <= set(told.files)
    assert "sightline.toml" in told.files
    assert told.key == keys.fingerprint(keys.read(monitor.home.key))
    secret = monitor.home.key.read_bytes().strip()
    assert not any(secret in one.read_bytes() for one in copy.rglob("*") if one.is_file())
    assert backup.faults(copy, told, quiet) == []


def test_a_copy_is_for_its_owner_alone(copy):
    assert not any(path.stat().st_mode & 0o077 for path in (copy, *copy.rglob("restricted/*")))


def test_nothing_is_left_of_a_copy_that_failed(monitor, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sightline.warehouse.backup._copy", full)
    with pytest.raises(OSError, match="No space"):
        backup.make(monitor.home, tmp_path / "copy", quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor"]


@pytest.mark.parametrize("place", ["copy", "monitor/inside"])
def test_a_folder_with_content_or_inside_the_monitor_is_refused(monitor, copy, tmp_path, place):
    with pytest.raises(SightlineError) as raised:
        backup.make(monitor.home, tmp_path / place, quiet)
    assert raised.value.exit_code == 2


def test_what_was_received_and_has_not_landed_is_left_to_the_inbox(monitor, tmp_path):
    monitor.drop("late.csv", "late")
    with monitor.state.begin() as connection:
        connection.exec_driver_sql(
            "insert into submissions (sender, received_on, sha256, original_name, landing_name,"
            " status) values ('301', '2026-10-20', 'ab12', 'late.csv', 'ab/ab12', 'received')"
        )
    told = backup.make(monitor.home, tmp_path / "copy", quiet)
    assert told.numbers["submission"] == 1
    assert told.missing == []


def test_what_a_run_takes_away_meanwhile_makes_the_copy_begin_again(monitor, tmp_path, monkeypatch):
    """Rows are derived again between the copy of the state and that of the files."""
    wanted, calls = backup._wanted, []

    def disturbed(home, state):
        found = wanted(home, state)
        if not calls:
            [path] = (monitor.home.raw / "ssd_persons").glob("*.parquet")
            shutil.copyfile(next((monitor.home.raw / "ssd_referrals").glob("*.parquet")), path)
            with monitor.state.begin() as connection:
                from sightline.warehouse.ledger import submissions as ledger

                ledger.record_facts(connection, monitor.home.raw, [path.stem])
        calls.append(1)
        return found

    monkeypatch.setattr(backup, "_wanted", disturbed)
    monkeypatch.setattr(backup, "PAUSE", 0)
    told = backup.make(monitor.home, tmp_path / "copy", quiet)
    assert len(calls) == 2
    assert backup.faults(tmp_path / "copy", told, quiet) == []
    assert told.missing == []


def test_what_is_lost_is_named_and_all_else_is_copied(monitor, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "PAUSE", 0)
    [lost] = monitor.home.landing.glob("*/*")
    lost.unlink()
    done = said("backup", str(tmp_path / "copy"), "--home", str(monitor.home.root))
    assert done.return_value == 1
    assert lost.name in done.output
    assert "restricted/raw/ssd_persons" in str(backup.read(tmp_path / "copy").files)


def test_a_copy_put_back_is_the_same_monitor(monitor, copy, tmp_path):
    held = content(monitor.home)
    home, left = backup.restore(copy, tmp_path / "new", quiet, key=monitor.home.key)
    assert left == []
    assert content(home) == held
    belonging.check(home)
    again = files.Monitor(home, State(home.state_db))
    assert again.ledger() == monitor.ledger()
    again.send(ssd(ssd_cin_episodes=referrals(30)))
    assert again.statuses() == ["accepted", "accepted"]


def test_without_the_key_it_says_which_one_is_to_be_put_in(monitor, copy, tmp_path):
    home, left = backup.restore(copy, tmp_path / "new", quiet)
    assert keys.fingerprint(keys.read(monitor.home.key)) in left[0]
    assert not home.key.exists()


def test_another_key_is_refused_before_anything_is_put_back(copy, tmp_path):
    said("key", "new", str(tmp_path / "other.key"))
    with pytest.raises(KeyFault):
        backup.restore(copy, tmp_path / "new", quiet, key=tmp_path / "other.key")
    assert not (tmp_path / "new").exists()


def test_a_new_monitor_to_which_nothing_was_sent_takes_a_copy(monitor, copy, tmp_path):
    said("init", str(tmp_path / "new"))
    said("status", "--home", str(tmp_path / "new"))
    home, left = backup.restore(copy, tmp_path / "new", quiet)
    assert content(home) == content(monitor.home)
    assert any("put the key" in line for line in left)


def test_a_monitor_with_content_is_not_mixed_with_a_copy(monitor, copy):
    before = content(monitor.home)
    with pytest.raises(ConfigurationError, match="mixed") as raised:
        backup.restore(copy, monitor.home.root, quiet)
    assert raised.value.exit_code == 3
    assert content(monitor.home) == before


def test_what_came_after_the_copy_waits_to_be_taken_in_again(monitor, copy):
    monitor.send(ssd(ssd_cin_episodes=referrals(30)))
    held = content(monitor.home)
    monitor.state.close()
    monitor.home.state_db.unlink()
    home, left = backup.restore(copy, monitor.home.root, quiet, replace=True)
    assert "1 originals came after the copy" in left[-1]
    assert not any("put the key" in line for line in left)
    belonging.check(home)
    assert said("originals", "take-in", "--home", str(home.root)).return_value == 0
    again = files.Monitor(home, State(home.state_db))
    assert [one.status for one in again.take_in().outcomes] == ["accepted"]
    assert content(home).keys() == held.keys()
    assert (home.root / "former-1" / "restricted" / "raw").is_dir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), "not as it was copied"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.with_name("more").write_text("x"), "does not belong"),
    ],
    ids=["changed", "missing", "added"],
)
@pytest.mark.parametrize("what", ["restricted/landing/*/*", "restricted/raw/*/*", "sightline.toml"])
def test_a_damaged_copy_is_neither_proved_nor_put_back(copy, tmp_path, spoil, told, what):
    path = next(copy.glob(what))
    path.chmod(0o600)
    spoil(path)
    done = said("backup", "verify", str(copy))
    assert done.return_value == 1
    assert told in done.output
    with pytest.raises(SightlineError, match="damaged"):
        backup.restore(copy, tmp_path / "new", quiet)
    assert not (tmp_path / "new").exists()


def test_what_is_no_copy_is_told(tmp_path):
    done = said("backup", "verify", str(tmp_path))
    assert done.exception.exit_code == 3
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ConfigurationError):
        backup.read(tmp_path)


def test_a_copy_of_before_the_first_release_has_nothing_to_build_again(copy):
    done = said("backup", "verify", str(copy))
    assert done.return_value == 0, done.output
    assert "no release to build again" in done.output
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy", "monitor"]


def test_children_who_were_erased_stay_so_after_a_copy_is_put_back(monitor, tmp_path):
    from sightline.warehouse.erasure.suppression import key_of

    digests = key_of(monitor.home)
    backup.make(monitor.home, tmp_path / "copy", quiet)
    home, _ = backup.restore(tmp_path / "copy", tmp_path / "new", quiet)
    assert key_of(home) == digests
