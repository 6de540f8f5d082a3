"""`sightline doctor` reads all that a monitor is made of, and says what of it is not whole."""

import json
import shutil

import intake_files as files
import pytest
from intake_files import ssd

from sightline.orchestration import doctor
from sightline.orchestration.run import ready
from sightline.warehouse import home as homes
from sightline.warehouse.ledger.state import State, submissions
from sightline.warehouse.release import store as releases


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    monitor = files.monitor(tmp_path_factory.mktemp("made") / "monitor")
    monitor.send(ssd())
    monitor.state.close()
    with ready(monitor.home):
        pass
    return monitor.home.root


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    # What dbt says of its project is another test's.
    monkeypatch.setattr(doctor, "_models", lambda _: None)
    shutil.copytree(made, tmp_path / "monitor", symlinks=True)
    return homes.find(tmp_path / "monitor")


def wrong(home, **options) -> dict[str, str]:
    return {name: fault for name, fault in doctor.examine(home, **options) if fault}


def changed(path) -> None:
    path.chmod(0o600)
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])


def test_a_whole_monitor_has_no_fault(home):
    assert wrong(home) == {}


def test_a_new_monitor_has_no_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_models", lambda _: None)
    assert wrong(homes.create(tmp_path / "new")) == {}


@pytest.mark.parametrize(
    ("pattern", "check"), [("raw/*/*.parquet", "rows"), ("landing/*/*", "originals")]
)
def test_one_bit_that_changed_is_found_unless_it_is_to_be_quick(home, pattern, check):
    path = next(home.restricted.glob(pattern))
    changed(path)
    found = wrong(home)
    assert list(found) == [check]
    assert str(path.relative_to(home.root)) in found[check]
    assert wrong(home, is_quick=True) == {}


def test_rows_that_are_not_as_many_as_the_ledger_has_are_found(home):
    path = next((home.raw / "ssd_persons").glob("*"))
    shutil.copyfile(next((home.raw / "ssd_identifiers").glob("*")), path)
    assert list(wrong(home)) == ["rows"]


def test_an_original_that_is_gone_is_found_and_one_still_in_the_inbox_is_not(home):
    next(home.landing.glob("*/*")).unlink()
    assert list(wrong(home)) == ["originals"]
    state = State(home.state_db)
    with state.begin() as connection:
        connection.execute(submissions.update().values(status="received"))
    state.close()
    assert "originals" not in wrong(home)


def test_what_no_ledger_knows_is_told(home):
    folder = home.orphans / "originals"
    folder.mkdir(parents=True)
    (folder / "ab").write_text("x")
    assert "sightline originals list" in wrong(home)["orphans"]


def test_a_damaged_state_is_told_by_each_check_that_needs_it(home):
    home.state_db.write_bytes(b"no state at all" * 1000)
    found = wrong(home)
    assert {"state", "what belongs together", "audit trail"} <= set(found)
    assert all("damaged" in found[name] for name in ("state", "audit trail"))


def test_a_byte_that_changed_in_any_file_of_the_release_is_found(home):
    folder = home.releases / "2026-10-20.1"
    folder.mkdir()
    (folder / "page.html").write_text("<p>Leeds</p>")
    manifest = {
        "release_id": folder.name, "as_of": "2026-10-20", "built_at": "2026-10-21 06:00:00",
        "content_hash": "0", "simulated": True, "code_version": "1",
    }  # fmt: skip
    (folder / releases.MANIFEST).write_text(json.dumps(manifest))
    releases._fingerprint(folder)
    assert releases.is_whole(folder)
    (folder / "page.html").write_text("<p>Leads</p>")
    assert not releases.is_whole(folder)


def test_a_folder_that_cannot_be_written_to_is_told_and_all_else_examined(home, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: not mode & 2)
    found = wrong(home)
    assert "cannot be written to" in found["folder"]
    assert set(found) == {"folder"}
