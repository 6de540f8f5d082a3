"""Definitions kept as YAML, read by the safe loader in C where libyaml is there: it is ten times as
fast, and every process reads them."""

from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=LOADER)  # noqa: S506 (both are safe)
