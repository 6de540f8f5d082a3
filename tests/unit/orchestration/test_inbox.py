"""What counts as waiting: whole files and folders, and nothing that is still being written."""

from pathlib import Path

import pytest

from sightline.orchestration import inbox


def dropped(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a")


@pytest.mark.parametrize("name", ["301/a.csv", "301/bundle/a.csv", "a.csv"])
def test_a_file_or_folder_waits(tmp_path: Path, name: str) -> None:
    dropped(tmp_path, name)
    assert len(inbox.waiting(tmp_path)) == 1


@pytest.mark.parametrize(
    "name", ["301/a.csv.part", "301/.a.csv", "301/bundle/a.csv.tmp", "301/a.csv.manifest.json"]
)
def test_unfinished_files_and_bare_manifests_do_not_wait(tmp_path: Path, name: str) -> None:
    dropped(tmp_path, name)
    assert inbox.waiting(tmp_path) == {}
    assert inbox.fingerprint(tmp_path) is None


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    dropped(tmp_path, "301/a.csv")
    before = inbox.fingerprint(tmp_path)
    (tmp_path / "301/a.csv").write_text("ab")
    assert inbox.fingerprint(tmp_path) != before


def test_an_empty_folder_waits_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "301" / "bundle").mkdir(parents=True)
    assert inbox.waiting(tmp_path) == {}


@pytest.mark.parametrize(
    "name", ["301/DESKTOP.INI", "Thumbs.db", "301/~$return.xlsx", "301/manifest.json",
             "$Recycle.Bin/S-1/x.csv", "301/bundle/.DS_Store", "301/bundle/Desktop.ini"]
)  # fmt: skip
def test_what_programs_leave_does_not_wait(tmp_path: Path, name: str) -> None:
    dropped(tmp_path, name)
    assert inbox.waiting(tmp_path) == {}


@pytest.mark.parametrize("name", [".~lock.a.csv#", "Thumbs.db", ".nfs00000000012a", ".git/index"])
def test_a_folder_waits_whatever_programs_leave_in_it(tmp_path: Path, name: str) -> None:
    dropped(tmp_path, "301/bundle/a.csv")
    dropped(tmp_path, f"301/bundle/{name}")
    assert list(inbox.waiting(tmp_path)) == ["301/bundle"]


def test_what_waits_has_the_name_by_which_intake_tells_of_it(tmp_path: Path) -> None:
    dropped(tmp_path, "a.csv")
    dropped(tmp_path, "301/b.csv")
    assert list(inbox.waiting(tmp_path)) == ["301/b.csv", "unknown/a.csv"]
