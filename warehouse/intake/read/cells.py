"""Turn the cells of a sheet, of whatever kind of workbook, into lines of CSV with their numbers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from sightline.warehouse.contracts.schema import Column, SentTable, compared, date_formats
from sightline.warehouse.intake.read.csv import (
    MAX_LINE_BYTES,
    Repeats,
    is_blank,
    set_totals_aside,
    without_repeats,
    written,
)
from sightline.warehouse.problems import Problem, refuse
from sightline.warehouse.submission import BlankRows, Lines, SetAside, notes_above

MAX_COLUMNS = 256
# As many as spreadsheets can show; parsers would count up to any number that a row claims.
MAX_ROWS = 1 << 20
ROWS_SEARCHED = 12
ROWS_A_BLOCK = 20_000
# A spreadsheet keeps fifteen digits of a number.
MOST_EXACT = 10**15
WITHOUT_VALUE = {
    "CELL_ERROR": "the cells hold an error such as #REF! or #N/A, and were read as empty",
    "FORMULA_NO_VALUE": "formulas stand here without their result, and were read as empty",
}
# Of each cell `value` and `data_type`: e for an error, f for a formula that is not calculated.
Row = tuple[Any, ...]
NumberedRows = Iterator[tuple[int, tuple[Row, Row]]]
"""Each row with its number and the same cells uncalculated, which are told apart where needed."""


def blocks(rows: NumberedRows, name: str, table: SentTable, header_line: int) -> Iterator[Lines]:
    """The rows below the header as lines, in blocks; the first row is the sheet's first."""
    header: list[str] = []
    for number, (row, _) in rows:
        if number >= header_line:
            header = trimmed([" ".join(text_of(cell, None).split()) for cell in row])
            break
    reading, repeats = Reading.of(header, table, name), Repeats()
    is_last = False
    while not is_last:
        block = list(islice(rows, ROWS_A_BLOCK))
        is_last = len(block) < ROWS_A_BLOCK
        lines = reading.lines(block)
        if is_last:
            set_totals_aside(lines, ",")
            lines.queries += [*notes_above(header_line, name), *reading.problems()]
        repeats.drop_from(without_repeats(lines))
        yield lines


def head_of(rows: Iterable[Row]) -> bytes:
    """Rows as lines of CSV, to tell the table by."""
    texts = (trimmed([text_of(cell, None) for cell in row]) for row in rows)
    return b"".join(written(row, ",") + b"\n" for row in texts)


@dataclass(frozen=True)
class Reading:
    """How the cells of a sheet are read: by what the contract says of each column."""

    name: str
    header: list[str]
    columns: list[Column | None]
    meant: dict[int, str]
    blank: BlankRows = field(default_factory=BlankRows)
    without_value: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By rule and column, the lines of cells that were read as empty."""

    @classmethod
    def of(cls, header: list[str], table: SentTable, name: str) -> "Reading":
        names = [table.headers.get(compared(written), "") for written in header]
        columns = [table.columns.get(column) for column in names]
        meant = {place: column for place, column in enumerate(names) if column in table.columns}
        return cls(name, header, columns, meant or dict(enumerate(header)))

    def lines(self, rows: list[tuple[int, tuple[Row, Row]]]) -> Lines:
        """A block of rows, each with its number and its cells uncalculated."""
        lines = Lines(self.header, [], numbers := [])
        before: Row = ()
        record: bytes | SetAside | None = None
        for number, (row, uncalculated) in rows:
            if not row:  # what stands between two rows that hold something
                continue
            if row is not before or record is None:
                before, record = row, self._record(number, row, uncalculated)
            if isinstance(record, SetAside):
                lines.refused.append(record._replace(line=number))
            elif record:
                lines.records.append(record)
                numbers.append(number)
        return lines

    def problems(self) -> list[Problem]:
        """What there is to be said of the sheet once it is read."""
        asked = [
            Problem(
                rule, WITHOUT_VALUE[rule], "query", None, self.name, lines[0], column, len(lines)
            )
            for (rule, column), lines in self.without_value.items()
        ]
        return [*asked, *self.blank.notes(self.name)]

    def _record(self, number: int, row: Row, uncalculated: Row) -> bytes | SetAside | None:
        """The line of a row, nothing for a blank one, or why it is set aside."""
        width = len(self.header)
        texts = [text_of(*pair) for pair in zip(row, self.columns, strict=False)]
        if any(not is_blank(text_of(cell, None)) for cell in row[width:]):
            _check_width(row, number, self.name)
            return SetAside(number, "RAGGED_ROW")
        if fault := self._fault(number, row, uncalculated, texts):
            return fault
        if all(map(is_blank, texts)):
            if any(texts):
                self.blank.add(number)
            return None
        line = written([*texts, *[""] * (width - len(texts))], ",")
        return line if len(line) <= MAX_LINE_BYTES else SetAside(number, "FIELD_TOO_LONG")

    def _fault(self, number: int, row: Row, uncalculated: Row, texts: list[str]) -> SetAside | None:
        """Why a row is set aside; a cell that it can do without becomes empty in `texts`."""
        for place, name in self.meant.items():
            if place >= len(row):
                continue
            rule = _without_value(row, uncalculated, place)
            column = self.columns[place]
            if rule and column and not column.required:
                self.without_value[rule, name].append(number)
                texts[place] = ""
            elif rule:
                return SetAside(number, rule, name)
            elif column and column.type in ("id", "upn") and _has_lost_digits(row[place].value):
                return SetAside(number, "ID_PRECISION", name)
        return None


def _without_value(row: Row, uncalculated: Row, place: int) -> str | None:
    """The rule that a cell breaks which has no value of its own."""
    if row[place].data_type == "e":
        return "CELL_ERROR"
    is_formula = place < len(uncalculated) and uncalculated[place].data_type == "f"
    return "FORMULA_NO_VALUE" if is_formula and row[place].value is None else None


def _has_lost_digits(value: Any) -> bool:
    """Whether a number is longer than a spreadsheet can hold exactly."""
    return isinstance(value, int | float) and abs(value) >= MOST_EXACT


def _check_width(row: Row, number: int, name: str) -> None:
    if any(not is_blank(text_of(cell, None)) for cell in row[MAX_COLUMNS:]):
        message = f"a cell right of column {MAX_COLUMNS} is filled; clear what is not the table"
        raise refuse("SHEET_TOO_LARGE", message, file=name, line=number)


def trimmed(texts: list[str]) -> list[str]:
    while texts and not texts[-1]:
        texts.pop()
    return texts


def text_of(cell: Any, column: Column | None) -> str:
    """A cell as a CSV file would hold it, dates as the contract wants them written."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r", "\n")
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, date):
        return _day(value, column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_number = isinstance(value, int)
    return str(value).zfill(column.pad) if is_number and column and column.pad else str(value)


def _day(value: date, column: Column | None) -> str:
    if column and column.type in ("date", "month"):
        return value.strftime(date_formats()[column.format].strptime)
    return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
