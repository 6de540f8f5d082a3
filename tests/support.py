"""What tests of whole runs share: a monitor that has been run, and the command line."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import started

from sightline.simulation.truth import Truth
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

SIGHTLINE = (sys.executable, "-c", "from sightline.orchestration.cli import main; main()")
TODAY = date(2026, 10, 20)
HOLD = """
import sys, time
from pathlib import Path
from sightline.orchestration.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@dataclass(frozen=True)
class Ran:
    """A monitor after `sightline run`, with what was planted and what was said."""

    home: Home
    truth: Truth
    exit_code: int
    output: str
    progress: str


def sightline(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a person starts it."""
    return started.run(arguments, seconds=300)


def fresh_home(folder: Path, inbox: Path) -> Home:
    """A new monitor with a copy of these files waiting."""
    home = homes.create(folder, today=TODAY)
    shutil.copytree(inbox, home.inbox, dirs_exist_ok=True)
    return home


def logged(home: Home) -> list[dict[str, Any]]:
    """Every line of the log, the oldest first."""
    return [
        json.loads(line)
        for path in sorted(home.logs.glob("sightline-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds this lock."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
