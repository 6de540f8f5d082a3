"""The tables of a workbook as CSV, and beside them a file that describes every column."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from sightline.report.downloads.tables import sheets_with_tables
from sightline.report.downloads.workbook import Cell, Figure, Workbook
from sightline.warehouse.spreadsheets import plain

METADATA = "metadata.csv"
HEADERS = ("File", "Table", "Column", "Meaning")


def write(book: Workbook, folder: Path) -> list[tuple[str, str]]:
    """Write each table; the names of the files and what each holds."""
    folder.mkdir()
    described: list[Sequence[Cell]] = []
    written = []
    for sheet, table in sheets_with_tables(book):
        name = f"{sheet.name.lower()}.csv"
        _write(folder / name, [one.title for one in table.columns], table.rows)
        described += [(name, sheet.title, one.title, one.meaning) for one in table.columns]
        written.append((name, sheet.title))
    _write(folder / METADATA, HEADERS, described)
    return [*written, (METADATA, "Metadata: what each column of these files means")]


def _write(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(headers)
        out.writerows([_cell(one) for one in row] for row in rows)


def _cell(value: Cell) -> str | int | float:
    if isinstance(value, Figure):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return plain(value) if isinstance(value, str) else value
