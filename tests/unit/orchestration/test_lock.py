"""One run at a time, whoever holds the lock, and no lock after its process."""

from pathlib import Path

import pytest
from support import holder

from orchestration.lock import held
from warehouse.errors import Busy


def test_a_second_process_is_told_who_runs_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with holder(path) as process:
        named = rf"process {process.pid} since \d\d \w+ \d{{4}}"
        with pytest.raises(Busy, match=named) as busy, held(path):
            pass
        assert busy.value.exit_code == 6


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "run.lock") as process:
        process.kill()
        process.wait()
        with held(tmp_path / "run.lock"):
            pass


def test_one_process_may_hold_it_twice(tmp_path: Path) -> None:
    with held(tmp_path / "run.lock"), held(tmp_path / "run.lock"):
        pass
