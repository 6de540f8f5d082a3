"""The benchmark's command: what it prints, writes and exits with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERIES = ROOT.parent / "shared" / "benchmarks" / "detection"


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "detection.py"), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.skipif(not SERIES.is_dir(), reason="the benchmark series are not on this machine")
def test_every_row_of_the_reference_is_compared_and_the_table_says_whether_it_holds(tmp_path):
    written = tmp_path / "result.json"
    ran = benchmark("--data", str(SERIES), "--only", "agreement", "--check", "--json", str(written))
    assert ran.returncode == 0, ran.stderr
    assert "nbPlugin bound as in R" in ran.stdout
    assert " NO" not in ran.stdout
    found = json.loads(written.read_text())["agreement with R"]["flexible Farrington"]
    assert set(found) == {"expected", "phi", "upper"}


def test_a_folder_that_is_not_there_is_named(tmp_path):
    ran = benchmark("--data", str(tmp_path / "nowhere"))
    assert ran.returncode == 2
    assert "nowhere" in ran.stderr


def test_help_gives_an_example():
    ran = benchmark("--help")
    assert ran.returncode == 0
    assert "example:" in ran.stdout
