"""What lies in the inbox, told apart by name, size and time, without opening anything."""

import hashlib
import json
from collections.abc import Container
from pathlib import Path

from sightline.warehouse.intake.receive.landing import UnsafeError, files_below, is_whole, sent
from sightline.warehouse.problems import escaped


def waiting(inbox: Path) -> dict[str, str]:
    """Each file or folder that intake would take, as sender/name, with a mark of how it is now."""
    return {
        escaped(f"{sender}/{path.name}"): _mark(path)
        for sender, path in sent(inbox)
        if not _is_being_written(path)
    }


def since(inbox: Path) -> list[float]:
    """Of each file or folder for intake, when it was put there or last changed, in seconds."""
    return [
        max([path.lstat().st_ctime, *(one.lstat().st_ctime for one in _below(path))])
        for _, path in sent(inbox)
    ]


def fingerprint(inbox: Path, names: Container[str] | None = None) -> str | None:
    """One mark for everything that waits, or for these of it; None when nothing does."""
    found = {name: mark for name, mark in waiting(inbox).items() if names is None or name in names}
    return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else None


def _is_being_written(path: Path) -> bool:
    """A folder that is empty or holds an unfinished file."""
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        return not is_whole(files_below(path))
    except (UnsafeError, OSError):  # intake says so by its name
        return False


def _below(path: Path) -> list[Path]:
    return list(path.rglob("*")) if path.is_dir() and not path.is_symlink() else []


def _mark(path: Path) -> str:
    found = path.lstat()
    return f"{found.st_size} {found.st_mtime_ns}"
