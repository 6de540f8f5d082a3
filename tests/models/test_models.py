"""The models on a real run: every dbt test and unit test passes, warnings as errors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.fixture(scope="module")
def built(demo_home, tmp_path_factory) -> Path:
    work = tmp_path_factory.mktemp("models")
    shutil.copy(demo_home.home.warehouse_db, work / "work.duckdb")
    return work


def dbt(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "SIGHTLINE_WORK_DB": str(work / "work.duckdb"),
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "logs"),
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "dbt.cli.main", "--warn-error", *arguments]
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return subprocess.run(
        [*command, *places], env=environment, capture_output=True, text=True, check=False
    )


def test_every_model_holds_its_tests_and_unit_tests(built):
    done = dbt(built, "build")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "ERROR=0" in done.stdout
    assert "unit test" in done.stdout
