"""What systems and programs leave beside the files that people send: passed over, never kept."""

import os
from pathlib import Path

import intake_files as files
import pytest
from intake_files import MARCH, Monitor, ssd

from sightline.senders.validate import validate
from sightline.warehouse.intake.receive.litter import is_litter

LITTER = [
    "desktop.ini", "Desktop.INI", "Thumbs.db", "THUMBS.DB", "ehthumbs_vista.db", "~$return.xlsx",
    ".~lock.return.csv#", ".DS_Store", "._return.csv", "Icon\r", ".fuse_hidden0000001200000001",
    ".nfs000000000012a4b800000001", ".gitkeep", "~WRL0001.tmp", ".return.csv.swp", "return.csv~",
]  # fmt: skip
FOLDERS = [
    "$RECYCLE.BIN", "$Recycle.Bin", "System Volume Information", "__MACOSX", ".Trash-1000",
    "lost+found", "@eaDir", ".git",
]  # fmt: skip


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


def left_beside(monitor: Monitor, folder: str) -> None:
    for name in LITTER:
        monitor.drop(f"{folder}{name}", "CANARY")
    for name in FOLDERS:
        monitor.drop(f"{folder}{name}/a.csv", "CANARY")


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_at_the_top_and_in_a_senders_folder_it_is_neither_refused_nor_kept(
    monitor: Monitor,
) -> None:
    left_beside(monitor, "../")
    left_beside(monitor, "")
    monitor.drop_zip(ssd())
    report = monitor.take_in()
    assert [outcome.accepted for outcome in report.outcomes] == [5]
    assert not report.unreadable
    assert b"CANARY" not in everything_below(monitor.home.restricted)
    assert not monitor.take_in().outcomes


def test_in_a_folder_it_delays_nothing_and_is_not_kept(monitor: Monitor) -> None:
    left_beside(monitor, "bundle/")
    for name, text in ssd().items():
        monitor.drop(f"bundle/{name}", text)
    monitor.drop("bundle/manifest.json", '{"period_start":"2026-03-01","period_end":"2026-03-31"}')
    [outcome] = monitor.take_in().outcomes
    assert outcome.accepted == 5
    assert not outcome.problems
    assert b"CANARY" not in everything_below(monitor.home.restricted)
    assert not (monitor.home.inbox / "301" / "bundle").exists()


def test_in_an_archive_it_is_not_read(monitor: Monitor) -> None:
    left = dict.fromkeys((*LITTER, *(f"{one}/a.csv" for one in FOLDERS)), "CANARY")
    nested = {f"out/{name}": text for name, text in (left | ssd()).items()}
    monitor.drop_zip(nested, MARCH)
    [outcome] = monitor.take_in().outcomes
    assert outcome.accepted == 5
    assert not outcome.problems


def test_a_folder_that_holds_nothing_else_is_empty(monitor: Monitor) -> None:
    left_beside(monitor, "bundle/")
    report = monitor.take_in()
    assert not report.outcomes
    assert not report.unreadable
    [verdict] = validate([monitor.home.inbox / "301" / "bundle"])
    assert "nothing in it" in verdict.problems[0].message


def test_a_folder_in_which_a_transfer_keeps_its_unfinished_files_is_waited_for(
    monitor: Monitor,
) -> None:
    for name, text in ssd().items():
        monitor.drop(f"bundle/{name}", text)
    monitor.drop("bundle/.rsync-partial/ssd_person.csv", "half")
    assert not monitor.take_in().outcomes


@pytest.mark.parametrize(
    "name", ["return.csv", "desktop.csv", "thumbs.xlsx", "recycled.zip", "301~2.csv", "a.lnk"]
)
def test_what_may_be_a_return_is_never_passed_over(name: str) -> None:
    """A shortcut was meant to be sent: its sender has to be told that it holds nothing."""
    assert not is_litter(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read what is forbidden to others")
def test_a_bundle_of_which_a_part_cannot_be_read_is_named_and_stays(monitor: Monitor) -> None:
    monitor.drop("bundle/a.csv", "a")
    locked = monitor.drop("bundle/more/b.csv", "b").parent
    locked.chmod(0)
    assert [label for label, _ in monitor.take_in().unreadable] == ["301/bundle"]
    locked.chmod(0o700)
