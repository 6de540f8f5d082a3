"""What lies in the inbox, told apart by name, size and time, without opening anything."""

import hashlib
from pathlib import Path


def files(inbox: Path) -> list[Path]:
    return sorted(path for path in inbox.rglob("*") if path.is_file() and not path.is_symlink())


def listing(inbox: Path) -> str | None:
    """A fingerprint of what waits, or None when nothing does."""
    waiting = [
        f"{path.relative_to(inbox)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in files(inbox)
    ]
    if not waiting:
        return None
    return hashlib.sha256("\n".join(waiting).encode("utf-8", "surrogateescape")).hexdigest()
