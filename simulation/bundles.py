"""Bundles as senders drop them: a zip of tables or of one file, with a manifest that says what."""

import json
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sightline.simulation.formats import Members
from sightline.simulation.software import PLAIN, Software

Content = tuple[dict[str, bytes], dict[str, int]]
"""The files of a bundle and the number of records of each kind in it."""
STAMP = (2026, 1, 1, 0, 0, 0)  # so that the same rows give the same bytes


@dataclass(frozen=True)
class Manifest:
    extract: str
    sender: str
    period_start: date
    period_end: date
    prepared_on: date
    sequence: int | None = 1
    """Of the bundles for the same days; some senders do not number theirs."""

    def text(self) -> bytes:
        numbered = {} if self.sequence is None else {"sequence": self.sequence}
        content = {
            "extract": self.extract,
            "sender": self.sender,
            "period_start": self.period_start.isoformat(),
            "period_end": self.period_end.isoformat(),
            "prepared_on": self.prepared_on.isoformat(),
            **numbered,
            "simulated": True,
            "source": "Simulated by Sightline; no real child",
        }
        return (json.dumps(content, indent=1) + "\n").encode()


def write(path: Path, manifest: Manifest, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in {"manifest.json": manifest.text(), **files}.items():
            entry = zipfile.ZipInfo(name, STAMP)
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            bundle.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return path


def content(members: Members, writes: Software = PLAIN) -> Content:
    files = {name: writes.file(header, rows) for name, (header, rows) in members.items()}
    return files, {name.removesuffix(".csv"): len(rows) for name, (_, rows) in members.items()}
