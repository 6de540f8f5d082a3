"""What lies in the inbox, told apart by name, size and time, without opening anything."""

import hashlib
import json
from collections.abc import Container, Iterator
from pathlib import Path

from warehouse.intake.bundles import BESIDE
from warehouse.intake.landing import IN_PROGRESS
from warehouse.intake.problems import escaped


def waiting(inbox: Path) -> dict[str, str]:
    """Each file or folder that intake would take, as sender/name, with a mark of how it is now."""
    return {
        escaped(str(path.relative_to(inbox))): _mark(path)
        for path in _entries(inbox)
        if not _is_being_written(path)
    }


def fingerprint(inbox: Path, names: Container[str] | None = None) -> str | None:
    """One mark for everything that waits, or for these of it; None when nothing does."""
    found = {name: mark for name, mark in waiting(inbox).items() if names is None or name in names}
    return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else None


def _entries(inbox: Path) -> Iterator[Path]:
    for path in sorted(inbox.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from (entry for entry in sorted(path.iterdir()) if _is_sent(entry))
        elif _is_sent(path):
            yield path


def _is_sent(path: Path) -> bool:
    return not (_is_unfinished(path) or path.name.endswith(BESIDE))


def _is_being_written(path: Path) -> bool:
    """A folder that is empty or holds an unfinished file."""
    if path.is_symlink() or not path.is_dir():
        return False
    files = [file for file in path.rglob("*") if not file.is_dir()]
    return not files or any(_is_unfinished(file) for file in files)


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower().endswith(IN_PROGRESS)


def _mark(path: Path) -> str:
    found = path.lstat()
    return f"{found.st_size} {found.st_mtime_ns}"
