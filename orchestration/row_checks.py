"""Which submissions the failing rows of dbt's tests belong to: asked again in the work file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.connection import connect
from warehouse.home import Home

OF = "submission_id"
# What a test found, in words; of a test that is not here its name is said.
WORDS = {
    "expect_values": "{column_name} not among {values}",
    "expect_present": "{column_name} is missing",
    "expect_unique_rows": "told twice with the same {columns}",
    "expect_part_within_whole": "a part is more than its whole",
}


@dataclass(frozen=True)
class FailedCheck:
    """A test of which rows failed, and how many of them each submission holds."""

    unique_id: str
    name: str
    words: str
    rows: dict[int, int]


def failed(home: Home, results: Iterable[Any]) -> list[FailedCheck]:
    """The tests of a build that failed, in the order in which they ran."""
    tests = [one.node for one in results if str(one.status) == "fail"]
    if not tests:
        return []
    with connect(home.work_db, read_only=True) as connection:
        return [
            FailedCheck(node.unique_id, node.name, _words(node), _rows(connection, node))
            for node in tests
        ]


def reasons(checks: Iterable[FailedCheck]) -> dict[int, str]:
    """By submission why it is held back."""
    found: dict[int, list[str]] = {}
    for check in checks:
        for submission_id, count in check.rows.items():
            rows = f"{count:,} {'row' if count == 1 else 'rows'}"
            found.setdefault(submission_id, []).append(f"{check.words} ({rows})")
    return {one: f"check failed: {'; '.join(told)}" for one, told in found.items()}


def _rows(connection: duckdb.DuckDBPyConnection, node: Any) -> dict[int, int]:
    """Empty for a test whose rows name no submission: what it found is a fault of our own."""
    failing = connection.sql(node.compiled_code)
    if OF not in failing.columns:
        return {}
    rows = failing.filter(f"{OF} is not null").aggregate(f"{OF}, count(*)").fetchall()
    return {int(submission_id): int(count) for submission_id, count in rows}


def _words(node: Any) -> str:
    told = node.test_metadata
    words = WORDS.get(told.name) if told else None
    if words is None or told is None:
        return str(node.name)
    arguments = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in told.kwargs.items()
    }
    model = str(node.attached_node).rsplit(".", 1)[-1].partition("_")[2].replace("_", " ")
    return f"{model}: {words.format(**arguments)}"
