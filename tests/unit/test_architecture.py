"""Imports go one way, and each framework stays in the one package that may know it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "expectations",
    "monitoring",
    "orchestration",
    "report",
    "senders",
    "simulation",
    "warehouse",
)
ONLY_IN = {
    "dagster": "orchestration",
    "dagster_dbt": "orchestration",
    "dbt": "orchestration",
    "click": "orchestration",
    "rich": "orchestration",
    "great_expectations": "expectations",
}
SQL = re.compile(
    r"\b(select\b.*\bfrom|insert into|delete from|update \w+ set|create (table|view)|pragma)\b",
    re.IGNORECASE | re.DOTALL,
)
ASKING = {"execute", "executemany", "exec_driver_sql", "sql", "scalar", "scalars"}
# Modules of orchestration that speak SQL all the same, and why.
MAY_ASK = {
    "orchestration/dagster_storage.py": "Dagster's own tables, which no other package knows",
    "orchestration/commands/asking.py": "runs the query that a person asks",
    "orchestration/commands/data.py": "runs the query that a person asks",
    "orchestration/demo.py": "shows a reader a query to try",
}
# Of imports that stand on each other inside the warehouse.
MOST_FLOORS = 10


def modules(package: str) -> Iterator[tuple[Path, set[str]]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), set(imported(ast.parse(path.read_text(encoding="utf-8"))))


def imported(tree: ast.Module) -> Iterator[str]:
    """Full names: `from dagster.a import b` is seen as dagster.a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_framework_is_known_to_one_package(package: str) -> None:
    wrong = [
        f"{path}: {name}"
        for path, names in modules(package)
        for name in sorted(names)
        if ONLY_IN.get(top(name), package) != package
    ]
    assert wrong == []


def sql_in(tree: ast.Module) -> Iterator[str]:
    """Imports of databases, calls that ask one, and text that is SQL; docstrings are none."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    yield from (name for name in imported(tree) if top(name) in ("sqlalchemy", "duckdb"))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in ASKING:
                yield f"line {node.lineno}: .{name}("
            case ast.Constant(value=str(text)) if id(node) not in docstrings and SQL.search(text):
                yield f"line {node.lineno}: {text[:40]!r}"


def test_orchestration_holds_no_sql() -> None:
    """It says when things happen; what is asked of a database is a function of another package."""
    holding = {
        str(path.relative_to(ROOT)): list(sql_in(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sorted((ROOT / "orchestration").rglob("*.py"))
    }
    assert {path: lines for path, lines in holding.items() if lines and path not in MAY_ASK} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from sqlalchemy import select",
        "import duckdb",
        "rows = connection.execute(query)",
        "QUERY = 'SELECT a\\nFROM b'",
        "asked = f'pragma {name}'",
    ],
)
def test_sql_is_recognised(line: str) -> None:
    assert list(sql_in(ast.parse(line)))


def test_great_expectations_is_loaded_only_where_a_check_runs() -> None:
    """It takes seconds to import, which nobody should wait for who asks a question."""
    code = "import sys; import sightline.orchestration.steps.order; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sightline.expectations.submissions" in done.stdout.split()
    assert "great_expectations" not in done.stdout.split()


def test_a_question_to_a_release_loads_neither_frames_nor_the_state() -> None:
    code = "import sys; from sightline.warehouse.release import store; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "sqlalchemy", "pyarrow"} & set(done.stdout.split())


def test_imports_between_rooms_run_one_way() -> None:
    """By the contracts in pyproject.toml."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_chain_of_imports_in_the_warehouse_is_long() -> None:
    graph = grimp.build_graph("sightline", cache_dir=None)
    floors: dict[str, int] = {}

    def floor(module: str) -> int:
        if module not in floors:
            below = graph.find_modules_directly_imported_by(module)
            floors[module] = 1 + max(map(floor, below), default=0)
        return floors[module]

    warehouse = graph.find_descendants("sightline.warehouse")
    highest = max(warehouse, key=floor)
    assert floor(highest) <= MOST_FLOORS, highest
