"""What a step of a benchmark costs in a process of its own.

A benchmark that is asked for `--step NAME PATH` runs that step and nothing else.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY = 0.1
Steps = Mapping[str, Callable[[Path], None]]


@dataclass(frozen=True)
class Cost:
    """CPU seconds, and the most memory that its processes held at once, in MB."""

    cpu: float
    rss: float


def parser(description: str | None) -> argparse.ArgumentParser:
    """With what every benchmark of steps is asked for."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("--runs", type=int, default=3)
    made.add_argument("--json", action="store_true")
    made.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    return made


def is_step(wanted: argparse.Namespace, steps: Steps) -> bool:
    """Whether a step alone was asked for; it is done then."""
    if wanted.step is None:
        return False
    name, path = wanted.step
    steps[name](Path(path))
    return True


def cost(script: Path, step: str, path: Path) -> Cost:
    """Of a step of this script, with the processes that it starts."""
    command = [sys.executable, str(script), "--step", step, str(path)]
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 (the benchmark itself)
    most = 0.0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        most = max(most, held_by(process.pid))
        time.sleep(SAMPLED_EVERY)
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the step {step} failed")
    return Cost(used.ru_utime + used.ru_stime, most or used.ru_maxrss / 1024)


def held_by(session: int) -> float:
    """The memory of all processes of a session, in MB, where the system tells it.

    The kernel's own maximum counts what this process held when it started them.
    """
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session:
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def less_start(runs: Mapping[str, list[Cost]]) -> dict[str, float]:
    """The median of each step, less that of starting, which every one of them does."""
    medians = {name: statistics.median(one.cpu for one in costs) for name, costs in runs.items()}
    return {name: median - medians["start"] for name, median in medians.items()}
