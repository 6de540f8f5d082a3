"""The benchmark's command: what it prints, writes and exits with."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
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


@pytest.mark.skipif(not SERIES.is_dir(), reason="the benchmark series are not on this machine")
def test_large_changes_are_found_and_what_did_not_change_is_seldom_named(monkeypatch):
    """Three replicates of twelve, without the peers: enough events of each kind to be sure of."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    series, methods, measures = map(importlib.import_module, ("series", "methods", "measures"))
    panels = series.panels(SERIES, 3)
    found = {}
    for indicator in ("referrals", "suspensions", "missing"):
        chosen = [panel for panel in panels if panel.indicator == indicator]
        scores = [methods.sightline(panel)["Sightline"] for panel in chosen]
        found[indicator] = measures.of_panels(scores, chosen)
    assert found["referrals"]["drop20"] >= 0.90
    assert found["referrals"]["drop30"] >= 0.95
    assert found["suspensions"]["rise50"] >= 0.88
    assert found["missing"]["rise50"] >= 0.90
    assert all(0.005 <= one["native"] <= 0.015 for one in found.values())


def test_a_folder_that_is_not_there_is_named(tmp_path):
    ran = benchmark("--data", str(tmp_path / "nowhere"))
    assert ran.returncode == 2
    assert "nowhere" in ran.stderr


def test_help_gives_an_example():
    ran = benchmark("--help")
    assert ran.returncode == 0
    assert "example:" in ran.stdout
