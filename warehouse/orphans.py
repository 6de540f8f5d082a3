"""Files that no ledger knows: set aside in restricted/orphans/, listed, taken in again when asked.

Originals lie there under their hashes; the journal of the landing store, to which a line is added
before bytes land, says who sent them under which name.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sightline.warehouse.belonging import write_whole
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home

JOURNAL = "journal.jsonl"
OF_CHILDREN = ("originals", "raw", "quarantine", "state")
NAMELESS = "without a name"


@dataclass(frozen=True)
class Landing:
    """One line of the journal: whose bytes landed, under which name, and when."""

    sha256: str
    sender: str
    name: str
    received_on: str


@dataclass(frozen=True)
class Orphan:
    """An original that no ledger knows, and the journal's line on it where there is one."""

    path: Path
    bytes: int
    landing: Landing | None


def note(home: Home, landed: Iterable[Landing]) -> None:
    """Add lines to the journal, on disk before it returns."""
    lines = [json.dumps(asdict(one)) + "\n" for one in landed]
    if not lines:
        return
    path = home.landing / JOURNAL
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="ascii") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def journal(folder: Path) -> list[Landing]:
    """Every line that is whole, in the order of arrival; a crash may have cut the last one."""
    try:
        lines = (folder / JOURNAL).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(Landing(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def erase(
    home: Home, hashes: Collection[str] = (), renamed: Callable[[str], str] | None = None
) -> None:
    """Take out of the journal what is erased: lines on these bytes, and names that tell of it."""
    held = journal(home.landing)
    kept = [
        replace(one, name=renamed(one.name)) if renamed else one
        for one in held
        if one.sha256 not in hashes
    ]
    if kept != held:
        write_whole(home.landing / JOURNAL, "".join(json.dumps(asdict(one)) + "\n" for one in kept))


def set_aside(home: Home, path: Path, kind: str) -> Path:
    """Move something into restricted/orphans/<kind>/, beside what is there under its name."""
    folder = home.orphans / kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.name} ({number})"
    # A folder can only be moved by who may write to it, and to another disk only with its folders.
    for one in (path, *path.rglob("*")):
        if one.is_dir() and not one.is_symlink():
            one.chmod(0o700)
    shutil.move(path, target)
    if target.is_file():
        os.utime(target)  # from now on its time counts
    return target


def of_children(home: Home) -> list[Path]:
    """What was set aside and is kept no longer than originals are."""
    files = (path for kind in OF_CHILDREN for path in (home.orphans / kind).rglob("*"))
    return [path for path in sorted(files) if path.is_file()]


def listed(home: Home) -> list[Orphan]:
    """The originals that no ledger knows."""
    lines = {one.sha256: one for one in journal(home.landing)}
    folder = home.orphans / "originals"
    found = sorted(path for path in folder.glob("*") if path.is_file())
    return [
        Orphan(path, path.stat().st_size, lines.get(path.name.partition(" ")[0])) for path in found
    ]


def take_in(home: Home, sender: str | None = None) -> tuple[list[Path], list[Orphan]]:
    """Move orphans back into the inbox under their names, for the next run; what has no sender
    stays, unless one is given for all of those."""
    if sender is not None and (sender in (".", "..") or "/" in sender):
        raise SightlineError(f"{sender!r} cannot be a folder of the inbox", WRONG_USE)
    moved, left = [], []
    for one in listed(home):
        whose = one.landing.sender if one.landing else sender
        if whose is None:
            left.append(one)
            continue
        name = Path(one.landing.name).name if one.landing else one.path.name
        moved.append(_into_inbox(home, one.path, whose, name or NAMELESS))
    return moved, left


def _into_inbox(home: Home, path: Path, sender: str, name: str) -> Path:
    folder = home.inbox / sender
    folder.mkdir(exist_ok=True)
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    path.chmod(0o600)
    path.rename(target)
    return target
