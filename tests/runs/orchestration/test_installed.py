"""What is installed from a built package is whole: it needs nothing of the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from intake_files import ssd, zipped
from pages import ROOT

FOLDERS = (
    "dbt_project", "expectations", "monitoring", "orchestration", "report", "senders", "simulation",
    "warehouse",
)  # fmt: skip
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_{}(sys.argv[1]))"


def tracked(*folders: str) -> list[str]:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if name]


def built(kind: str, source: Path, folder: Path) -> Path:
    """A wheel or an sdist of this source, by the backend that pyproject.toml names."""
    command = [sys.executable, "-c", BUILD.format(kind), str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, which was built from the tracked files alone."""
    folder = tmp_path_factory.mktemp("package")
    for name in tracked():
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target, follow_symlinks=False)
    sdist = built("sdist", folder / "source", folder)
    with tarfile.open(sdist) as packed:
        packed.extractall(folder, filter="data")
    return built("wheel", folder / sdist.name.removesuffix(".tar.gz"), folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(place), str(wheel)], check=True, capture_output=True)
    return place


def sightline(installed: Path, folder: Path, *arguments: str) -> str:
    """What an installed command says in a folder that has nothing of the checkout."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(installed / "bin" / "sightline"), *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_tracked_file_under_one_name(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {f"sightline/{name}" for name in tracked(*FOLDERS)} | {
        "sightline/__init__.py",
        "sightline/__main__.py",
    }


def test_it_makes_a_monitor_in_which_all_is_well(installed: Path, tmp_path: Path) -> None:
    sightline(installed, tmp_path, "init", "monitor")
    lines = sightline(installed, tmp_path, "doctor", "--home", "monitor").splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any(line.split() == ["ok", "models"] for line in lines)


def test_it_takes_a_good_file_for_good(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "ssd.zip").write_bytes(zipped(ssd()))
    assert "It would be taken in whole." in sightline(
        installed, tmp_path, "validate", "ssd.zip", "--sender", "301"
    )


def test_nothing_is_written_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    before = {path for path in installed.rglob("*") if path.suffix != ".pyc"}
    sightline(installed, tmp_path, "init", "monitor")
    sightline(installed, tmp_path, "doctor", "--home", "monitor")
    after = {path for path in installed.rglob("*") if path.suffix != ".pyc"}
    assert {path for path in after - before if path.name != "__pycache__"} == set()
