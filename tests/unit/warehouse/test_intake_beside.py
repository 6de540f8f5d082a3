"""What stands beside an event never takes it away: it is blank, and its sender is asked."""

import csv
import io
from pathlib import Path
from typing import Any

import intake_files as files
import pytest
from intake_files import YEAR, Monitor, errors, queries, upn

from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Column, SentTable
from sightline.warehouse.contracts.words import example

pytestmark = pytest.mark.slow

TERM = {"period_start": "2026-01-01", "period_end": "2026-03-31"}
MANIFESTS: dict[str, Any] = {
    "ssda903": YEAR,
    "school_census": TERM,
    "alternative_provision": TERM,
}
# What no list, no calendar and no pattern of a contract holds.
UNKNOWN = "?!"
VALUES = {
    "decom": "02/05/2025", "dec": "09/06/2025", "mis_start": "03/06/2025",
    "mis_end": "05/06/2025", "startdate": "2025-Jun-03 00:00:00", "entry_date": "2026-01-12",
    "leaving_date": "2026-03-13", "term": "Spring", "year": "2026", "lea": "301",
    "category": "SUSP", "sessions": "2",
}  # fmt: skip
BIRTH = {"day_first": "14/05/2012", "census": "2012-May-14 00:00:00", "iso": "2012-05-14"}
CENSUS_NAMED = ("lea", "year", "term")
"""Columns that say which census a whole submission is of."""


def beside(table: SentTable) -> list[str]:
    """The columns without which a row still says what it is."""
    return [
        name
        for name, column in table.columns.items()
        if not column.required and name not in CENSUS_NAMED
    ]


def value(name: str, column: Column, number: int) -> str:
    match column.type:
        case "id":
            return f"K{number}"
        case "upn":
            return upn(number) if not name.startswith("former") else ""
        case "month":
            return BIRTH[column.format]
        case _:
            return VALUES.get(name) or example(column)


def written(table: SentTable, unknown: list[str]) -> str:
    """As many rows as there are columns, each right; in row i column i of `unknown` is not."""
    named = [name for name in table.recognise if name not in table.columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*named, *table.columns])
    for number in range(ROWS):
        wrong = unknown[number] if number < len(unknown) else None
        values = (
            UNKNOWN if name == wrong else value(name, column, number + 1)
            for name, column in table.columns.items()
        )
        writer.writerow(["" for _ in named] + list(values))
    return out.getvalue()


ROWS = 14


def bundle(extract: str, *, is_right: bool) -> dict[str, str]:
    return {
        f"{name}.csv": written(table, [] if is_right else beside(table))
        for name, table in contracts.load()[extract].tables.items()
        if name != "schoolcensus"
    }


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


@pytest.mark.parametrize("is_right", [True, False])
@pytest.mark.parametrize("extract", MANIFESTS)
def test_a_row_stays_whatever_stands_beside_its_event(
    monitor: Monitor, extract: str, is_right: bool
) -> None:
    held = bundle(extract, is_right=is_right)
    outcome = monitor.send(held, MANIFESTS[extract])
    assert errors(outcome) == []
    assert outcome.accepted == ROWS * len(held)
    asked = {(one.table, one.column) for one in queries(outcome)}
    wanted = {
        (name, column)
        for name, table in contracts.load()[extract].tables.items()
        for column in beside(table)
    }
    assert is_right or wanted <= asked
