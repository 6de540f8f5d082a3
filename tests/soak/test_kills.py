"""Two kills at moments that a fixed seed chooses; `python tests/soak/kills.py` does many."""

from pathlib import Path

from kills import disturbed
from support import Ran, fresh_home

from simulation.truth import Truth


def test_runs_that_are_killed_anywhere_leave_what_an_undisturbed_run_leaves(
    tmp_path: Path, small: tuple[Path, Truth], small_home: Ran
) -> None:
    home = fresh_home(tmp_path / "monitor", small[0])
    assert disturbed(home, small_home.home, seconds=20.0, times=2, seed=11) == []
