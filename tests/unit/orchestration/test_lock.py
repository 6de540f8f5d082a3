"""One run at a time, whoever holds the lock, and no lock after its process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import holder

from sightline.orchestration.lock import held
from sightline.warehouse.errors import Busy


def test_a_second_process_is_told_who_runs_and_since_when(tmp_path: Path) -> None:
    """Fault 62."""
    path = tmp_path / "run.lock"
    with holder(path) as process:
        named = rf"process {process.pid} since \d\d \w+ \d{{4}}"
        with pytest.raises(Busy, match=named) as busy, held(path):
            pass
        assert busy.value.exit_code == 6


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    """Fault 65."""
    with holder(tmp_path / "run.lock") as process:
        process.kill()
        process.wait()
        with held(tmp_path / "run.lock"):
            pass


ONCE = """
import sys
from pathlib import Path
from sightline.orchestration.lock import held
from sightline.warehouse.errors import Busy
try:
    with held(Path(sys.argv[1]), patience=0):
        print("works", flush=True)
        sys.stdin.read()
except Busy as busy:
    print(busy.message, flush=True)
"""


def test_of_twenty_that_start_at_once_one_works(tmp_path: Path) -> None:
    """Fault 62: the others are told at once, and who it is as soon as it has written that down."""
    command = [sys.executable, "-c", ONCE, str(tmp_path / "run.lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, **pipes) for _ in range(20)]
    said = [process.stdout.readline() for process in started]
    for process in started:
        process.communicate(timeout=10)
    assert said.count("works\n") == 1
    assert sum("another run is going on" in one for one in said) == 19
    working = started[said.index("works\n")].pid
    named = {match[1] for one in said if (match := re.search(r"\(process (\d+) since", one))}
    assert named == {str(working)}


def test_one_process_may_hold_it_twice(tmp_path: Path) -> None:
    with held(tmp_path / "run.lock"), held(tmp_path / "run.lock"):
        pass
