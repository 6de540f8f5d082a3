"""A release as far as messages need one."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Released:
    release_id: str
    as_of: date
    simulated: bool
    database: Path
