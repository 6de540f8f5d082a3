"""Imports go one way, and each framework stays in the one package that may know it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("expectations", "monitoring", "orchestration", "report", "simulation", "warehouse")
MAY_IMPORT = {
    "warehouse": set(),
    "expectations": {"warehouse"},
    "monitoring": {"warehouse"},
    "report": {"warehouse"},
    "simulation": {"warehouse"},
    "orchestration": set(PACKAGES) - {"orchestration"},
}
ONLY_IN = {
    "dagster": "orchestration",
    "dagster_dbt": "orchestration",
    "dbt": "orchestration",
    "click": "orchestration",
    "rich": "orchestration",
    "great_expectations": "expectations",
}
KNOWN_TO_SIMULATION = ("warehouse.contract", "warehouse.contracts")


def modules(package: str) -> Iterator[tuple[Path, set[str]]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), set(imported(ast.parse(path.read_text(encoding="utf-8"))))


def imported(tree: ast.Module) -> Iterator[str]:
    """Full names, so that `from warehouse import publish` is seen as warehouse.publish."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    wrong = [
        f"{path}: {name}"
        for path, names in modules(package)
        for name in sorted(names)
        if top(name) in PACKAGES and top(name) not in MAY_IMPORT[package] | {package}
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_framework_is_known_to_one_package(package: str) -> None:
    wrong = [
        f"{path}: {name}"
        for path, names in modules(package)
        for name in sorted(names)
        if ONLY_IN.get(top(name), package) != package
    ]
    assert wrong == []


def test_great_expectations_is_loaded_only_where_a_check_runs() -> None:
    """It takes seconds to import, which nobody should wait for who asks a question."""
    code = "import sys; import orchestration.steps.order; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "expectations.submissions" in done.stdout.split()
    assert "great_expectations" not in done.stdout.split()


def test_simulation_knows_only_the_contracts() -> None:
    wrong = [
        f"{path}: {name}"
        for path, names in modules("simulation")
        for name in sorted(names)
        if top(name) == "warehouse" and not name.startswith(KNOWN_TO_SIMULATION)
    ]
    assert wrong == []


def test_detection_is_arrays_in_and_arrays_out() -> None:
    wrong = [
        f"{path}: {name}"
        for path, names in modules("monitoring/detection")
        for name in sorted(names)
        if top(name) in {"duckdb", "dagster", "sqlalchemy", "warehouse"}
    ]
    assert wrong == []


def test_a_question_to_a_release_loads_neither_frames_nor_the_state() -> None:
    code = "import sys; from warehouse import releases; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "sqlalchemy", "pyarrow"} & set(done.stdout.split())


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {
        ".".join(path.with_suffix("").parts): names
        for package in PACKAGES
        for path, names in modules(package)
    }
    graph = {
        name: {hit for one in names if (hit := found(one, known))} for name, names in known.items()
    }
    assert circle(graph) is None


def found(name: str, known: dict[str, set[str]]) -> str | None:
    """The module that an imported name is or lives in."""
    if name in known:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in known else None


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph[name]):
            if hit := walk(other, [*path, name]):
                return hit
        done.add(name)
        return None

    for name in sorted(graph):
        if hit := walk(name, []):
            return hit
    return None
