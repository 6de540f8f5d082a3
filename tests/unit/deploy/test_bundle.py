"""The bundle without a network: the same bytes each time, and licences that may be handed on."""

import importlib.util
import os
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

HERE = Path(__file__).parents[3] / "deploy/bundle"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build, licences = script("build"), script("licences")
SECONDS = 1_700_000_000


def filled(folder: Path) -> Path:
    """What a bundle may hold, without what is fetched."""
    bundle = folder / "sightline-1.2.3-bundle"
    (bundle / "wheels").mkdir(parents=True)
    for name in ("b", "a"):
        (bundle / f"wheels/{name}.whl").write_bytes(name.encode() * 100)
    (bundle / "install.sh").write_bytes((HERE / "install.sh").read_bytes())
    (bundle / "PYTHON").write_text("2.7 nowhere\n", encoding="ascii")
    (bundle / build.SUMS).write_text("".join(build.sums(bundle)), encoding="ascii")
    return bundle


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    first = build.pack(filled(tmp_path / "one"), tmp_path / "one.tar", seconds=SECONDS)
    again = filled(tmp_path / "two")
    for number, path in enumerate(again.rglob("*")):
        os.utime(path, (number, number))
        path.chmod(0o700)
    second = build.pack(again, tmp_path / "two.tar", seconds=SECONDS)
    assert first.read_bytes() == second.read_bytes()
    later = build.pack(again, tmp_path / "three.tar", seconds=SECONDS + 1)
    assert later.read_bytes() != first.read_bytes()


def test_nothing_tells_who_packed_it(tmp_path: Path) -> None:
    with tarfile.open(build.pack(filled(tmp_path), tmp_path / "one.tar", seconds=SECONDS)) as tar:
        entries = tar.getmembers()
    names = [one.name.removeprefix("sightline-1.2.3-bundle/") for one in entries]
    assert names == ["PYTHON", build.SUMS, "install.sh", "wheels/a.whl", "wheels/b.whl"]
    assert {(one.uid, one.gid, one.uname, one.gname) for one in entries} == {(0, 0, "", "")}
    assert {one.mtime for one in entries} == {SECONDS}
    assert {one.name[-3:]: one.mode for one in entries}[".sh"] == 0o755
    assert entries[0].mode == 0o644


def test_sums_are_of_every_file_but_their_list(tmp_path: Path) -> None:
    bundle = filled(tmp_path)
    listed = [line.split("  ")[1] for line in (bundle / build.SUMS).read_text().splitlines()]
    assert listed == ["PYTHON", "install.sh", "wheels/a.whl", "wheels/b.whl"]
    check = ["sha256sum", "--check", "--quiet", build.SUMS]
    assert subprocess.run(check, cwd=bundle).returncode == 0
    (bundle / "wheels/a.whl").write_bytes(b"another")
    assert subprocess.run(check, cwd=bundle, capture_output=True).returncode == 1


def installed(bundle: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    words = ["sh", str(bundle / "install.sh"), str(folder), sys.executable]
    return subprocess.run(words, capture_output=True, text=True)


def test_another_python_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = installed(filled(tmp_path), tmp_path / "venv")
    assert done.returncode == 1
    assert "are for Python 2.7 nowhere" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_damaged_file_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    bundle = filled(tmp_path)
    python = f"{sys.version_info[0]}.{sys.version_info[1]} {build.sysconfig.get_platform()}\n"
    (bundle / "PYTHON").write_text(python, encoding="ascii")
    (bundle / build.SUMS).write_text("".join(build.sums(bundle)), encoding="ascii")
    (bundle / "wheels/a.whl").write_bytes(b"another")
    done = installed(bundle, tmp_path / "venv")
    assert done.returncode != 0
    assert "wheels/a.whl: FAILED" in done.stdout + done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    bundle = filled(tmp_path)
    python = f"{sys.version_info[0]}.{sys.version_info[1]} {build.sysconfig.get_platform()}\n"
    (bundle / "PYTHON").write_text(python, encoding="ascii")
    (tmp_path / "venv").mkdir()
    done = installed(bundle, tmp_path / "venv")
    assert done.returncode == 1
    assert "exists" in done.stderr
    assert list((tmp_path / "venv").iterdir()) == []


@pytest.mark.parametrize(
    ("licence", "is_accepted"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("Artistic License; GNU General Public License v2 or later (GPLv2+)", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("GPL-3.0-only AND (Apache-2.0 OR MIT)", False),
        ("GNU Affero General Public License v3", False),
        ("LicenseRef-Proprietary", False),
        ("LIMITED", False),
        ("", False),
    ],
)
def test_a_licence_is_accepted_where_it_may_be_handed_on(licence: str, is_accepted: bool) -> None:
    assert licences.is_accepted(licence) is is_accepted


def described(name: str, **said: str | list[str]) -> SimpleNamespace:
    return SimpleNamespace(name=name, version="1", metadata=SimpleNamespace(json=said))


def test_a_licence_is_what_the_package_says_most_exactly() -> None:
    osi = "License :: OSI Approved"
    some = [
        described("pip", license="MIT"),
        described("b", license="Long text\nof many lines"),
        described("A", license_expression="MIT", license="BSD"),
        described("c", classifier=[osi, f"{osi} :: MIT License", "Topic :: X"], license="x"),
        described("d"),
    ]
    assert licences.rows(some) == [
        ("A", "1", "MIT"),
        ("b", "1", "Long text"),
        ("c", "1", "MIT License"),
        ("d", "1", ""),
    ]
    assert "| d | 1 | not stated |" in "".join(licences.page(licences.rows(some)))


def test_what_is_locked_may_be_handed_on() -> None:
    """Of those that are installed here, which on another system may be some fewer."""
    lock = (HERE.parents[1] / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    found = {
        name: row
        for row in licences.rows(metadata.distributions())
        if (name := row.package.lower().replace("_", "-").replace(".", "-")) in locked
    }
    assert len(found) > 100
    assert [row for row in found.values() if not licences.is_accepted(row.licence)] == []
