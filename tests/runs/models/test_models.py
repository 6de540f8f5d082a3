"""The models on a real run: every dbt test and unit test passes, and no model is without one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[3] / "dbt_project"


@pytest.fixture(scope="module")
def built(demo_home, tmp_path_factory) -> Path:
    work = tmp_path_factory.mktemp("models")
    shutil.copy(demo_home.home.warehouse_db, work / "work.duckdb")
    return work


def dbt(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of dbt on a folder that holds the work file, warnings as errors."""
    environment = os.environ | {
        "DBT_WORK_FILE": str(work / "work.duckdb"),
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


def without_unit_test(manifest: dict[str, Any]) -> set[str]:
    """Models that no unit test names; one that expects no row proves nothing and is not counted."""
    models = {
        node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"
    }
    return models - {
        test["model"] for test in manifest["unit_tests"].values() if test["expect"]["rows"]
    }


def test_no_model_is_without_a_unit_test(tmp_path):
    done = dbt(tmp_path, "parse")
    assert done.returncode == 0, done.stdout[-3000:]
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text("utf-8"))
    assert without_unit_test(manifest) == set()


def test_a_model_without_a_unit_test_is_named():
    manifest = {
        "nodes": {
            "model.a": {"resource_type": "model", "name": "a"},
            "model.b": {"resource_type": "model", "name": "b"},
            "model.c": {"resource_type": "model", "name": "c"},
            "seed.d": {"resource_type": "seed", "name": "d"},
        },
        "unit_tests": {
            "unit_test.a.x": {"model": "a", "expect": {"rows": [{"measured": 1}]}},
            "unit_test.b.y": {"model": "b", "expect": {"rows": []}},
        },
    }
    assert without_unit_test(manifest) == {"b", "c"}
