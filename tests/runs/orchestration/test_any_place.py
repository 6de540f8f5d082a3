"""A monitor under a name of awkward characters, of an account without a name or a home folder; then
on a file system that nobody may write to."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import SIGHTLINE, TODAY

from sightline.simulation.truth import Truth
from sightline.warehouse import home as homes

# All that a folder's name may hold and an engine might take for something else.
NAME = "a [1]* #5%20 'it' \"said\" {{x}} = é;$HOME&|<>~`!^,: \t\n\U0001f600"
NOBODY = 54321
SENDERS = 3
READING = [
    ("status",),
    ("submissions", "show", "1"),
    ("sql", "select count(*) from trends"),
    ("releases", "verify"),
    ("alerts", "list"),
    ("audit",),
    ("health",),
    ("run", "--dry-run"),
]


@dataclass(frozen=True)
class Placed:
    """A monitor that has run, and how its account starts a command."""

    root: Path
    start: tuple[str, ...]
    environment: dict[str, str]
    ran: "subprocess.CompletedProcess[str]"

    def sightline(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return said(self.start, self.environment, *arguments, "--home", str(self.root))


def said(
    start: tuple[str, ...], environment: dict[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*start, *SIGHTLINE, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def placed(small: tuple[Path, Truth]) -> Iterator[Placed]:
    """Where it can be, the account has a number alone; it may read everything, since the
    interpreter may lie in somebody's home folder, and write nowhere else."""
    inbox, _ = small
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    kept = ("PATH", "PYTHONPATH", "OPENBLAS_NUM_THREADS", "SIGHTLINE_TEST_NETWORK_LOG")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder / "temporary")}
    (folder / "temporary").mkdir()
    start: tuple[str, ...] = ()
    if os.geteuid() == 0 and shutil.which("setpriv"):
        reads = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        start = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *reads)
    root = folder / NAME
    homes.create(root, today=TODAY)
    for sender in sorted(inbox.iterdir())[:SENDERS]:
        shutil.copytree(sender, root / "inbox" / sender.name)
    if start:
        for path in (folder / "temporary", root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    ran = said(start, environment, "run", "--json", "--home", str(root))
    yield Placed(root, start, environment, ran)
    shutil.rmtree(folder)


def test_a_run_there_publishes(placed: Placed) -> None:
    report = json.loads(placed.ran.stdout)
    assert (report["outcome"], placed.ran.returncode) == ("released", 0), placed.ran.stderr
    counted = placed.sightline("sql", "select count(*) > 0 as is_there from trends", "--json")
    assert json.loads(counted.stdout) == [{"is_there": True}]
    assert (placed.root / "published" / "current" / "report" / "index.html").is_file()


def test_people_see_the_folder_under_its_own_name(placed: Placed) -> None:
    there = placed.root.with_name(placed.root.name + "x")
    done = said(placed.start, placed.environment, "run", "--home", str(there))
    assert done.returncode == 3
    (placed.root / "published").rename(placed.root / "elsewhere")
    done = placed.sightline("run")
    (placed.root / "elsewhere").rename(placed.root / "published")
    assert done.returncode == 3
    assert f"{homes.readable(placed.root)}/published is missing" in done.stderr


def test_the_account_is_named_by_its_number(placed: Placed) -> None:
    done = placed.sightline(
        "annotate", "add", "--area", "301", "--about", "referrals", "--kind", "recording_change",
        "--from", "2026-04-01", "--reason", "a trial",
    )  # fmt: skip
    audited = placed.sightline("audit")
    assert done.returncode == 0, done.stderr
    assert not placed.start or f"account {NOBODY}" in audited.stdout


@pytest.fixture(scope="module")
def sealed(placed: Placed) -> Iterator[Placed]:
    """The same on a file system that is mounted for reading alone; else folders closed to all."""
    was = {path: path.stat().st_mode for path in placed.root.rglob("*") if path.is_dir()}
    was[placed.root] = placed.root.stat().st_mode
    bound = ["mount", "--bind", str(placed.root), str(placed.root)]
    is_mounted = os.geteuid() == 0 and not subprocess.run(bound, check=False).returncode
    if is_mounted:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(placed.root)], check=True)
    else:
        for path, mode in was.items():
            path.chmod(mode & 0o555)
    yield placed
    if is_mounted:
        subprocess.run(["umount", "-l", str(placed.root)], check=True)
    else:
        for path, mode in was.items():
            path.chmod(mode)


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_commands_that_read_work_where_nothing_can_be_written(
    sealed: Placed, command: tuple[str, ...]
) -> None:
    done = sealed.sightline(*command)
    assert "sightline: " not in done.stderr
    assert done.returncode == (1 if command == ("health",) else 0), done.stdout


@pytest.mark.parametrize(
    "command", [("run",), ("retention", "--apply"), ("deliver",)], ids=" ".join
)
def test_commands_that_write_say_where_they_cannot(
    sealed: Placed, command: tuple[str, ...]
) -> None:
    done = sealed.sightline(*command)
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert homes.readable(sealed.root) in done.stderr
