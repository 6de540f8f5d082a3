"""Which code built a release: the package's version and a fingerprint of what shapes a result."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHAPING = ("dbt_project", "expectations", "monitoring", "orchestration", "report", "warehouse")
LEFT_OUT = {"__pycache__", "target", "logs"}


@cache
def code_version() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for folder in SHAPING for path in (ROOT / folder).rglob("*")):
        if path.is_file() and not LEFT_OUT.intersection(path.parts):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return f"{version('sightline')}+{digest.hexdigest()[:12]}"
