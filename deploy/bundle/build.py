"""Make the bundle that installs Sightline without a network: the same bytes from the same commit.

Wheels of all locked requirements for this Python and this kind of machine, Sightline's own, their
hashes, what they are made of, the documentation and a script that installs it all.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sightline.warehouse.home import sha256_of

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ALONG = ("CHANGELOG.md", "LICENSE", "SECURITY.md", "docs", "deploy")
SUMS = "SHA256SUMS"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    asked.add_argument("--wheel", type=Path, required=True, help="of Sightline")
    asked.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    asked.add_argument(
        "--with", type=Path, action="append", default=[], dest="files", metavar="FILE"
    )
    asked.add_argument("--into", type=Path, default=ROOT / "dist", metavar="FOLDER")
    given = asked.parse_args()
    version = given.wheel.name.split("-")[1]
    name = f"sightline-{version}-bundle"
    given.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        bundle = Path(folder) / name
        fill(bundle, version, wheel=given.wheel, lock=given.lock, files=given.files)
        packed = pack(bundle, given.into / f"{name}.tar", seconds=of_the_commit())
    hashed = sha256_of(packed)
    print(f"{packed}: {packed.stat().st_size / 1e6:.0f} MB, SHA-256 {hashed}")  # noqa: T201 (a script says what it made)
    line = f"{hashed}  {packed.name}\n"
    packed.with_name(f"{packed.name}.sha256").write_text(line, encoding="ascii")


def fill(bundle: Path, version: str, *, wheel: Path, lock: Path, files: list[Path]) -> None:
    wheels = bundle / "wheels"
    wheels.mkdir(parents=True)
    download(lock, wheels)
    shutil.copy(wheel, wheels)
    ours = f"sightline=={version} \\\n    --hash=sha256:{sha256_of(wheel)}\n"
    (bundle / "requirements.txt").write_text(lock.read_text(encoding="utf-8") + ours)
    python = f"{sys.version_info[0]}.{sys.version_info[1]} {sysconfig.get_platform()}\n"
    (bundle / "PYTHON").write_text(python, encoding="ascii")
    for name in kept():
        target = bundle / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    for path in (HERE / "install.sh", HERE / "README.md", *files):
        shutil.copy(path, bundle)
    (bundle / SUMS).write_text("".join(sums(bundle)), encoding="utf-8")


def download(lock: Path, into: Path) -> None:
    """Wheels alone, each of the hash that is locked."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet")
    how = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(into))
    subprocess.run([*pip, *how, "--requirement", str(lock)], check=True)  # noqa: S603 (our own words)


def kept() -> list[str]:
    """What is under version control of all that goes along."""
    return [path for path in git("ls-files", "-z", "--", *ALONG).split("\0") if path]


def of_the_commit() -> int:
    """When it was made, as seconds; SOURCE_DATE_EPOCH goes before it."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    return int(git("log", "-1", "--format=%ct"))


def git(*words: str) -> str:
    command = ("git", "-C", str(ROOT), *words)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 (our own words)


def sums(bundle: Path) -> Iterator[str]:
    for path in files_of(bundle):
        yield f"{sha256_of(path)}  {path.relative_to(bundle).as_posix()}\n"


def files_of(bundle: Path) -> list[Path]:
    found = (path for path in bundle.rglob("*") if path.is_file())
    return sorted(found, key=lambda path: path.relative_to(bundle).as_posix())


def pack(bundle: Path, into: Path, *, seconds: int) -> Path:
    """One file, in which nothing tells who packed it, when or where. Wheels are packed already."""
    aside = into.with_suffix(".unfinished")
    with tarfile.open(aside, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in files_of(bundle):
            name = f"{bundle.name}/{path.relative_to(bundle).as_posix()}"
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = path.stat().st_size, seconds
            entry.mode = 0o755 if path.suffix == ".sh" else 0o644
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return aside.replace(into)


if __name__ == "__main__":
    main()
