"""Wheel, source distribution and bundle in clean environments outside the tree, on each Python.

`make test-package` runs these, and nothing else does: they take minutes and fetch what is locked.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

pytestmark = [pytest.mark.package, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/container/Dockerfile"
OLDEST, NEWEST = 11, 13
PATIENCE = 240.0
# Of the processes that are installed nothing is told of this checkout.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PYTHON", "SIGHTLINE"))
}


def pythons() -> dict[str, str]:
    """By version; those that PYTHONS names, else those that this machine has."""
    named = os.environ.get("PYTHONS", "").split()
    found: dict[str, str] = {}
    for minor in range(OLDEST, NEWEST + 1):
        managed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        found |= {
            version: name
            for name in named or [*map(str, managed), f"python3.{minor}", sys.executable]
            if (version := version_of(name)) == f"3.{minor}"
        }
    return found


def version_of(python: str) -> str | None:
    asks = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", asks], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


PYTHONS = pythons()


def run(*words: str | Path, cwd: Path, seconds: int = 900, code: int = 0) -> str:
    """What a command prints on both streams; fails where it ends with another code."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == code, f"{words} ended with {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `make wheel` fills."""
    run("make", "wheel", cwd=ROOT)
    return ROOT / "dist"


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (found,) = built.glob("sightline-*.whl")
    return found


@pytest.fixture(scope="session", params=sorted(PYTHONS))
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder outside the tree whose environment the steps of the image have made."""
    folder = tmp_path_factory.mktemp(f"python{request.param}")
    (folder / "tmp/dist").mkdir(parents=True)
    shutil.copy(ROOT / "requirements.lock", folder / "tmp")
    shutil.copy(wheel, folder / "tmp/dist")
    for step in steps():
        here = re.sub(r"(?<= )/(opt|tmp)/", rf"{folder}/\1/", f" {step}")
        run("sh", "-c", re.sub(r"^ python(?= )", f" {PYTHONS[request.param]}", here), cwd=folder)
    return folder


def steps() -> list[str]:
    """What the Dockerfile runs to install, in its own words."""
    stage = DOCKERFILE.read_text(encoding="utf-8").partition("AS build")[2].partition("\nFROM ")[0]
    found = re.findall(r"^RUN (.*)$", stage, re.MULTILINE)
    assert sum("pip install" in step for step in found) == 2
    return found


def sightline(folder: Path) -> Path:
    return folder / "opt/sightline/bin/sightline"


def test_every_supported_python_is_there_or_named_as_missing() -> None:
    missing = sorted({f"3.{minor}" for minor in range(OLDEST, NEWEST + 1)} - set(PYTHONS))
    assert PYTHONS
    if missing and not os.environ.get("PYTHONS"):
        pytest.skip(f"this machine has no Python {', '.join(missing)}")


def test_the_wheel_runs_the_demo_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "version" in run(sightline(installed), "--version", cwd=tmp_path)
    said = run(sightline(installed), "demo", "--quick", cwd=tmp_path)
    assert "alerts are open" in said
    home = tmp_path / "sightline-demo"
    assert (home / "published/current/report/index.html").is_file()
    checked = run(sightline(installed), "doctor", "--quick", "--home", home, cwd=tmp_path)
    assert "ok" in checked
    assert "simulated" in run(
        sightline(installed), "status", "--json", "--home", home, cwd=tmp_path
    )


def test_the_wheel_judges_files(installed: Path, tmp_path: Path) -> None:
    run(sightline(installed), "simulate", "returns", "--areas", "1", "--months", "2", cwd=tmp_path)
    good = next(path for path in sorted((tmp_path / "returns").rglob("ssd*")))
    run(sightline(installed), "validate", good, cwd=tmp_path)
    bad = tmp_path / "empty.csv"
    bad.touch()
    assert "EMPTY_FILE" in run(sightline(installed), "validate", bad, cwd=tmp_path, code=4)


def test_the_wheel_keeps_a_monitor_up(installed: Path, tmp_path: Path) -> None:
    run(sightline(installed), "init", "monitor", cwd=tmp_path)
    port = free_port()
    words = [str(sightline(installed)), "up", "--home", "monitor", "--port", str(port)]
    with subprocess.Popen(words, cwd=tmp_path, env=ENVIRONMENT) as kept:
        try:
            until_it_answers(port, kept)
        finally:
            kept.send_signal(signal.SIGTERM)
            assert kept.wait(60) == 0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until_it_answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, f"it ended with {process.returncode}"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/server_info")
            assert "dagster_webserver_version" in json.loads(connection.getresponse().read())
        except (OSError, HTTPException):
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"nothing answers on port {port}")


def test_it_runs_where_nothing_but_its_folders_can_be_written_to(
    installed: Path, tmp_path: Path
) -> None:
    """As in the image, whose root is read-only."""
    if run("sh", "-c", "unshare --mount true 2>&1 || echo no", cwd=tmp_path):
        pytest.skip("this account may not mount anything (unshare --mount)")
    for name in ("monitor", "temporary"):
        (tmp_path / name).mkdir()
    inside = f"""
        set -e
        mount --bind {installed}/opt /opt
        mount -o remount,bind,ro /opt
        mount --bind {tmp_path}/monitor /mnt
        mount --bind {tmp_path}/temporary {Path(os.sep, "tmp")}
        mount -o remount,bind,ro /
        ! touch /opt/written /var/written 2> /dev/null
        cd /mnt
        export PATH=/opt/sightline/bin:$PATH HOME=/nonexistent SIGHTLINE_HOME=/mnt
        python -m sightline init /mnt
        python -m sightline simulate trial --areas 2 --months 30
        mv trial/inbox/* inbox/
        python -m sightline run
    """
    run("unshare", "--mount", "--propagation", "private", "sh", "-c", inside, cwd=tmp_path)
    assert json.loads((tmp_path / "monitor/heartbeat.json").read_text())["exit_code"] == 0


def test_the_source_distribution_installs_the_same(
    installed: Path, built: Path, wheel: Path, tmp_path: Path
) -> None:
    (source,) = built.glob("sightline-*.tar.gz")
    python = installed / "opt/sightline/bin/python"
    how = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", "there")
    run(python, "-m", "pip", "install", *how, source, cwd=tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        inside = {one.filename: one.CRC for one in archive.infolist()}
    given = {name for name in inside if name.startswith("sightline/")}
    there = {
        path.relative_to(tmp_path / "there").as_posix()
        for path in (tmp_path / "there/sightline").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert there == given
    for name in given:
        content = (tmp_path / "there" / name).read_bytes()
        assert zipfile.crc32(content) == inside[name], name  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def bundle(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run("make", "bundle", cwd=ROOT, seconds=1800)
    (found,) = built.glob("sightline-*-bundle.tar")
    return found


def test_the_bundle_is_the_same_when_it_is_made_again(bundle: Path) -> None:
    before = (bundle.stat().st_mtime_ns, bundle.with_name(f"{bundle.name}.sha256").read_text())
    run("make", "bundle", cwd=ROOT, seconds=1800)
    assert bundle.stat().st_mtime_ns != before[0]
    assert bundle.with_name(f"{bundle.name}.sha256").read_text() == before[1]


def test_the_bundle_installs_without_a_network(bundle: Path, tmp_path: Path) -> None:
    alone = without_a_network(tmp_path)
    run("sha256sum", "--check", f"{bundle.name}.sha256", cwd=bundle.parent)
    with tarfile.open(bundle) as tar:
        tar.extractall(tmp_path, filter="data")
    folder = tmp_path / bundle.stem
    run(*alone, folder / "install.sh", tmp_path / "venv", sys.executable, cwd=tmp_path)
    started = tmp_path / "venv/bin/sightline"
    assert "alerts are open" in run(*alone, started, "demo", "--quick", cwd=tmp_path)
    sbom = json.loads((folder / "sbom.cdx.json").read_text(encoding="utf-8"))
    listed = {one["name"].lower() for one in sbom["components"]}
    assert {"duckdb", "dagster", "dbt-core", "great_expectations"} <= listed
    assert sbom["metadata"]["component"]["name"] == "sightline"
    assert "| duckdb |" in (folder / "licences.md").read_text(encoding="utf-8")
    assert (folder / "docs/deploying.md").is_file()
    assert (folder / "deploy/systemd/sightline-up.service").is_file()


def without_a_network(folder: Path) -> list[str]:
    """The words that take a command's network away, where this account may; pip is told besides."""
    words = ["unshare", "--net", "--"]
    if run("sh", "-c", f"{' '.join(words)} true 2>&1 || echo no", cwd=folder):
        return []
    return words


def engine() -> Iterator[list[str]]:
    """Words that build an image from a Dockerfile here, where there are some."""
    if (
        shutil.which("docker")
        and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    ):
        yield ["docker", "build"]
    if shutil.which("buildah"):
        yield ["buildah", "bud", "--isolation", "chroot"]


def test_the_image_is_built_by_a_container_engine(wheel: Path) -> None:
    """Its base comes from where images are kept; SIGHTLINE_TEST_BASE names another."""
    words = next(engine(), None)
    if words is None:
        pytest.skip("this machine has no container engine: the steps of the image are run above")
    base = os.environ.get("SIGHTLINE_TEST_BASE")
    given = ["--build-arg", f"BASE={base}"] if base else []
    if words[0] == "buildah" and not base:
        pytest.skip("buildah is here, but no image to begin with: SIGHTLINE_TEST_BASE names one")
    name = ("--tag", "sightline:test", "--file", str(DOCKERFILE))
    run(*words, *given, *name, ".", cwd=ROOT, seconds=1800)
