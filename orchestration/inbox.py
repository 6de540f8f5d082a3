"""What lies in the inbox, told apart by name, size and time, without opening anything."""

import hashlib
import json
from pathlib import Path

from warehouse.intake.landing import UnsafeError, files_below, is_whole, sent
from warehouse.intake.problems import escaped


def waiting(inbox: Path) -> dict[str, str]:
    """Each file or folder that intake would take, as sender/name, with a mark of how it is now."""
    return {
        escaped(f"{sender}/{path.name}"): _mark(path)
        for sender, path in sent(inbox)
        if not _is_being_written(path)
    }


def fingerprint(inbox: Path) -> str | None:
    """One mark for everything that waits, or None when nothing does."""
    found = waiting(inbox)
    return hashlib.sha256(json.dumps(found).encode()).hexdigest() if found else None


def _is_being_written(path: Path) -> bool:
    """A folder that is empty or holds an unfinished file."""
    if path.is_symlink() or not path.is_dir():
        return False
    try:
        return not is_whole(files_below(path))
    except (UnsafeError, OSError):  # intake says so by its name
        return False


def _mark(path: Path) -> str:
    found = path.lstat()
    return f"{found.st_size} {found.st_mtime_ns}"
