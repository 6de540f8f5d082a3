"""A copy made while a run goes on, put back elsewhere and run there, gives the same release."""

import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from support import SIGHTLINE, Ran, fresh_home, sightline

from simulation.truth import Truth
from warehouse import backup, belonging, releases
from warehouse.home import Home

MOMENTS = ("intake ...", "models ...", "release ...")


@pytest.fixture(scope="module")
def copies(
    tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Path, Truth]
) -> tuple[Home, list[Path]]:
    """A monitor that was copied again and again while its first run went on, to the run's end."""
    folder = tmp_path_factory.mktemp("copied")
    home = fresh_home(folder / "monitor", simulated[0])
    made: list[Path] = []
    with subprocess.Popen(
        [*SIGHTLINE, "run", "--verbose", "--home", str(home.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line)["message"] in MOMENTS:
                made.append(folder / f"copy{len(made)}")
                done = sightline("backup", str(made[-1]), "--home", str(home.root))
                assert done.returncode == 0, done.stdout + done.stderr
    assert process.returncode == 0
    assert len(made) == len(MOMENTS)
    return home, made


def test_every_copy_is_whole_and_belongs_together(copies: tuple[Home, list[Path]]) -> None:
    for folder in copies[1]:
        copy = backup.read(folder)
        assert backup.faults(folder, copy, lambda *_: None) == []
        assert copy.missing == []


def test_a_copy_from_within_a_run_gives_the_same_release(
    copies: tuple[Home, list[Path]], demo_home: Ran, tmp_path: Path
) -> None:
    home, made = copies
    done = sightline(
        "restore", str(made[-1]), "--home", str(tmp_path / "new"), "--key", str(home.key)
    )
    assert done.returncode == 0, done.stderr
    done = sightline("run", "--home", str(tmp_path / "new"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = releases.current(Home(tmp_path / "new"))
    expected = releases.current(demo_home.home)
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


def damage(path: Path, at: float) -> None:
    """Overwrite 4,096 bytes, as a bad sector would."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * at))
        file.write(b"\x55" * 4096)


def test_a_damaged_release_is_told_and_built_again(demo_home: Ran, tmp_path: Path) -> None:
    shutil.copytree(demo_home.home.root, tmp_path / "monitor", symlinks=True)
    home = Home(tmp_path / "monitor")
    expected = releases.current(home)
    assert expected is not None
    for at in (0.5, 0.0):
        damage(expected.database, at)
        done = sightline("sql", "select sum(hash(trends)) from trends", "--home", str(home.root))
        assert done.returncode == 3, done.stderr
        assert "damaged" in done.stderr
    damage(home.warehouse_db, 0.0)
    done = sightline("run", "--home", str(home.root))
    assert done.returncode == 0, done.stdout + done.stderr
    found = releases.current(home)
    assert found is not None
    assert found.content_hash == expected.content_hash
    assert releases.verify(home, found.release_id)
    assert (home.orphans / "releases" / expected.release_id).is_dir()
    with duckdb.connect(str(home.warehouse_db), read_only=True):
        belonging.check(home)
