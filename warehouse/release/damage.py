"""What is wrong with a release at a glance; `store.verify` hashes its whole content."""

import json
from pathlib import Path

DUCKDB = b"DUCK"  # after the eight bytes of a checksum


def damage_of(folder: Path) -> str | None:
    """Whether its manifest can be read and its database is one, and whole; None if so."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["release_id"] != folder.name:
            return f"the manifest of release {folder.name} is another's"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return f"the manifest of release {folder.name} is missing or cannot be read"
    path = folder / "sightline.duckdb"
    try:
        with path.open("rb") as file:
            head = file.read(12)
        size = path.stat().st_size
    except OSError:
        return f"the database of release {folder.name} is missing or cannot be read"
    if head[8:] != DUCKDB:
        return f"the database of release {folder.name} is none"
    if size != manifest.get("files", {}).get(path.name, {}).get("bytes", size):
        return f"the database of release {folder.name} is cut off"
    return None
