"""A copy made while a run goes on, put back elsewhere and run there, gives the same release."""

import json
import shutil
from pathlib import Path

import pytest
import started
from support import Ran, fresh_home, sightline

from sightline.orchestration.run import ready
from sightline.simulation.truth import Truth
from sightline.warehouse import backup
from sightline.warehouse.home import Home
from sightline.warehouse.release import store as releases

HEADERS = 3 * 4096
MOMENTS = ("intake ...", "models ...", "release ...")


@pytest.fixture(scope="module")
def copies(
    tmp_path_factory: pytest.TempPathFactory, small: tuple[Path, Truth]
) -> tuple[Home, list[Path]]:
    """A monitor that was copied again and again while its first run went on, to the run's end."""
    folder = tmp_path_factory.mktemp("copied")
    home = fresh_home(folder / "monitor", small[0])
    made: list[Path] = []
    with started.begun("run", "--verbose", "--home", str(home.root)) as run:
        for line in run.stderr:
            if json.loads(line)["message"] in MOMENTS:
                made.append(folder / f"copy{len(made)}")
                done = sightline("backup", str(made[-1]), "--home", str(home.root))
                assert done.returncode == 0, done.stdout + done.stderr
        assert run.wait() == 0
    assert len(made) == len(MOMENTS)
    return home, made


def test_every_copy_is_whole_and_belongs_together(copies: tuple[Home, list[Path]]) -> None:
    for folder in copies[1]:
        copy = backup.read(folder)
        assert backup.faults(folder, copy, lambda *_: None) == []
        assert copy.missing == []


def test_a_copy_from_within_a_run_gives_the_same_release(
    copies: tuple[Home, list[Path]], tmp_path: Path
) -> None:
    home, made = copies
    done = sightline(
        "restore", str(made[1]), "--home", str(tmp_path / "new"), "--key", str(home.key)
    )
    assert done.returncode == 0, done.stderr
    done = sightline("run", "--home", str(tmp_path / "new"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = releases.current(Home(tmp_path / "new"))
    expected = releases.current(home)
    assert found is not None
    assert expected is not None
    assert found.content_hash == expected.content_hash


def test_a_copy_is_proved_by_its_release_without_the_key(
    copies: tuple[Home, list[Path]], tmp_path: Path
) -> None:
    home, _ = copies
    copy = tmp_path / "copy"
    assert sightline("backup", str(copy), "--home", str(home.root)).returncode == 0
    done = sightline("backup", "verify", str(copy))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "says the same as what was published" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def damage(path: Path, first: int) -> None:
    """Overwrite a file from this byte on, as a failing disk would."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(first)
        file.write(b"\x55" * (path.stat().st_size - first))


def test_a_damaged_release_is_told_and_built_again(small_home: Ran, tmp_path: Path) -> None:
    shutil.copytree(small_home.home.root, tmp_path / "monitor", symlinks=True)
    home = Home(tmp_path / "monitor")
    shown = releases.current(home)
    assert shown is not None
    for first in (HEADERS, 0):
        damage(shown.database, first)
        done = sightline("sql", "select sum(hash(trends)) from trends", "--home", str(home.root))
        assert done.returncode == 3, done.stderr
        assert "damaged" in done.stderr
    damage(home.warehouse_db, 0)
    with ready(home):
        assert releases.current(home) is None
        assert not home.warehouse_db.exists()
        assert (home.orphans / "releases" / shown.release_id).is_dir()
    asked = sightline("run", "--dry-run", "--home", str(home.root))
    assert "nothing is published yet" in asked.stdout.lower()
