"""The workflow of CI names what there is, and every Python that is supported."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]


def commands() -> str:
    return "\n".join(step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step)


def test_every_target_and_file_that_it_names_is_there() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    asked = re.findall(r"\bmake ([a-z-]+)", commands())
    assert {"test-package", "wheel"} <= set(asked)
    assert set(asked) <= set(targets)
    paths = re.findall(r"(?<![\w./:-])(?:\.ci|deploy|tests)/[\w./-]+", commands())
    assert ".ci/run" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_packages_are_tried_on_every_python_that_is_supported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest, beyond = map(int, re.findall(r"3\.(\d+)", project["requires-python"]))
    matrix = JOBS["package"]["strategy"]["matrix"]
    assert matrix["python"] == [f"3.{minor}" for minor in range(lowest, beyond)]
    assert [one["os"] for one in matrix["include"]] == ["macos-latest"]


def test_jobs_end_and_may_only_read() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 90 for job in JOBS.values())
    assert all("permissions" not in job for job in JOBS.values())
