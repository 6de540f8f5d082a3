"""What a workbook is: sheets of lines and at most one table, as the guidance of the Government
Analysis Function on statistics in spreadsheets asks; the writers know files, not statistics.

No cell is blank, merged or hidden, the table begins under the lines, units stand in its headers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

LANGUAGE = "en-GB"
WIDE = 90
"""The width of a column of lines alone, in characters."""
FIRST_IN_ZIP = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever they are written


class Figure(NamedTuple):
    """A number as it was published, and how many decimals of it are shown."""

    value: float
    decimals: int


Cell = str | int | Figure | date


@dataclass(frozen=True, kw_only=True)
class Column:
    title: str
    meaning: str
    width: int = 14
    """In characters of ordinary size."""

    @property
    def wraps(self) -> bool:
        return self.width > 30


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    name: str
    """Unique, at most 31 letters, digits and underscores; also the name of its table."""
    title: str
    lines: Sequence[str] = ()
    table: Table | None = None
    leads_to: Sequence[str] = ()
    """Of a table of contents, the sheet that each of its rows leads to."""

    @property
    def header_row(self) -> int:
        """The row of the table's headers, the first row being 1."""
        return 2 + len(self.lines)


@dataclass(frozen=True, kw_only=True)
class Workbook:
    title: str
    subject: str
    published_at: datetime
    sheets: Sequence[Sheet]


def column_letters(number: int) -> str:
    """The name of a column, the first being 1: A, Z, AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def table_range(sheet: Sheet, table: Table) -> str:
    """The cells of a sheet's table, headers included: A5:M600."""
    last = sheet.header_row + len(table.rows)
    return f"A{sheet.header_row}:{column_letters(len(table.columns))}{last}"
