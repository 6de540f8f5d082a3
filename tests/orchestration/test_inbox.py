"""What counts as waiting: whole files and folders, and nothing that is still being written."""

from pathlib import Path

import pytest

from orchestration import inbox


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
