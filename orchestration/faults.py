"""Unexpected faults: a traceback can quote what was being read, so it stays in restricted/."""

import os
import traceback
from pathlib import Path

_folder: Path | None = None


def keep_in(restricted: Path) -> None:
    """From now on a command works on this monitor, and may have its data in hand."""
    global _folder
    _folder = restricted


def folders() -> tuple[Path, ...]:
    """Where a command that works on a monitor writes."""
    return (_folder,) if _folder else ()


def told(fault: Exception) -> str:
    """What may be said of it anywhere: its kind, and where the rest is kept."""
    if _folder is None or not _folder.is_dir():
        return "".join(traceback.format_exception(fault))
    path = _folder / "faults.log"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(fault))
    return f"sightline: unexpected {type(fault).__name__}; {path} says more"
