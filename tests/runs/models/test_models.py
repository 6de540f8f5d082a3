"""The models on a real run: every dbt test and unit test passes, and no model is without one."""

import json
import os
import re
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


# Columns of one relation and nothing else: the contract says all that a unit test could.
TAKEN_OVER = re.compile(r"select\s+\w+(,\s+\w+)*\s+from \{\{ (ref|source)\([^)]*\) \}\}\s*")


def without_unit_test(manifest: dict[str, Any]) -> set[str]:
    """Models that no unit test names; one that expects no row proves nothing and is not counted.

    What takes columns over under an enforced contract needs none.
    """
    models = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not is_taken_over(node)
    }
    return models - {
        test["model"] for test in manifest["unit_tests"].values() if test["expect"]["rows"]
    }


def is_taken_over(node: dict[str, Any]) -> bool:
    return bool(node["contract"]["enforced"] and TAKEN_OVER.fullmatch(node["raw_code"]))


def test_no_model_is_without_a_unit_test(tmp_path):
    done = dbt(tmp_path, "parse")
    assert done.returncode == 0, done.stdout[-3000:]
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text("utf-8"))
    assert without_unit_test(manifest) == set()


def test_a_model_without_a_unit_test_is_named():
    counted = {"contract": {"enforced": True}, "raw_code": "select count(*) from {{ ref('x') }}"}
    manifest = {
        "nodes": {
            "model.a": {"resource_type": "model", "name": "a"} | counted,
            "model.b": {"resource_type": "model", "name": "b"} | counted,
            "model.c": {"resource_type": "model", "name": "c"} | counted,
            "seed.d": {"resource_type": "seed", "name": "d"},
        },
        "unit_tests": {
            "unit_test.a.x": {"model": "a", "expect": {"rows": [{"measured": 1}]}},
            "unit_test.b.y": {"model": "b", "expect": {"rows": []}},
        },
    }
    assert without_unit_test(manifest) == {"b", "c"}


@pytest.mark.parametrize(
    ("sql", "is_enforced", "is_tested"),
    [
        ("select\n    a,\n    b\nfrom {{ ref('x') }}\n", True, False),
        ("select\n    a,\n    b\nfrom {{ ref('x') }}\n", False, True),
        ("select\n    a as b\nfrom {{ ref('x') }}\n", True, True),
        ("select\n    a\nfrom {{ ref('x') }}\nwhere b\n", True, True),
        ("select\n    upper(a)\nfrom {{ ref('x') }}\n", True, True),
    ],
)
def test_only_a_model_that_takes_columns_over_as_they_are_needs_no_unit_test(
    sql: str, is_enforced: bool, is_tested: bool
) -> None:
    node = {
        "resource_type": "model",
        "name": "a",
        "contract": {"enforced": is_enforced},
        "raw_code": sql,
    }
    assert (without_unit_test({"nodes": {"a": node}, "unit_tests": {}}) == {"a"}) is is_tested
