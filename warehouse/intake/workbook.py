"""Read the sheets of an Excel workbook (.xlsx) as tables of text; checked before it is parsed."""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice, repeat
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.xml.constants import SHEET_MAIN_NS

from warehouse.contract import Column, SentTable, compared, date_formats
from warehouse.intake.lines import Lines, SetAside
from warehouse.intake.members import Sheet
from warehouse.intake.problems import Refused, escaped, refuse
from warehouse.intake.repeats import Repeats, without_repeats
from warehouse.intake.text import MAX_LINE_BYTES, Opened, set_totals_aside, written
from warehouse.intake.unpacking import UNZIPPING_FAULTS, is_bomb

MAX_PARTS = 1_000
# The largest list of the largest authority unpacks to about 20 MB.
MAX_UNPACKED = 256 << 20
MAX_COLUMNS = 256
# As many as Excel can show; the parser would count up to any number that a row claims.
MAX_ROWS = 1 << 20
ROWS_SEARCHED = 12
ROWS_A_BLOCK = 20_000
# What may stand before the first element of a part: nothing that declares an entity.
PROLOG = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<[A-Za-z]", re.S
)
PARSING_FAULTS = (
    *UNZIPPING_FAULTS,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    SyntaxError,
    TypeError,
)
# The namespaces of a rarer way to save a workbook, of which no cell would be found.
STRICT = b"http://purl.oclc.org/ooxml/"
ROW, CELL, FORMULA = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("row", "c", "f"))
Row = tuple[Any, ...]


def sheets(opened: Opened, name: str) -> list[Sheet]:
    """The sheets that hold anything; raises Refused on a workbook that is unsafe or broken."""
    with _refusing(name):
        with opened() as file, zipfile.ZipFile(file) as archive:
            size = file.seek(0, 2)
            _check(archive, size, name)
        with _workbook(opened) as book:
            found = [_sheet(opened, name, sheet) for sheet in book.worksheets]
    return [sheet for sheet in found if sheet.head.strip(b",\n")]


def _check(archive: zipfile.ZipFile, size: int, name: str) -> None:
    """Refuse what must not be parsed, by the list of its parts and the start of each."""
    parts = archive.infolist()
    names = {part.filename for part in parts}
    total = sum(part.file_size for part in parts)
    # Deflating never adds more than a few bytes to a block.
    is_lying = any(part.compress_size > 1.01 * part.file_size + 1_000 for part in parts)
    if total > MAX_UNPACKED or is_bomb(total, size) or is_lying or len(parts) > MAX_PARTS:
        message = f"unpacked it is larger than a workbook may be, {MAX_UNPACKED >> 20} MB"
        raise refuse("DECOMPRESSED_SIZE", message, file=name)
    if "xl/vbaProject.bin" in names:
        raise _not_xlsx(name, "it holds macros; save it as .xlsx, without them")
    if "xl/workbook.bin" in names:
        raise _not_xlsx(name, "it is a binary workbook (.xlsb); save it as .xlsx")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                start = file.read(4_096)
            if not PROLOG.match(start):
                raise _not_xlsx(name, "a part of it declares a document type")
            if part.filename == "xl/workbook.xml" and STRICT in start:
                raise _not_xlsx(name, "it is a Strict Open XML workbook; save it as plain .xlsx")


def _not_xlsx(name: str, message: str) -> Refused:
    return refuse("NOT_XLSX", message, file=name)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """A fault of the parser is one of the file; what it warns of may quote a value."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PARSING_FAULTS:
        raise _not_xlsx(name, "it is damaged and cannot be read; save it again") from None


@contextmanager
def _workbook(opened: Opened, *, formulas: bool = False) -> Iterator[Any]:
    book = openpyxl.load_workbook(
        opened(), read_only=True, data_only=not formulas, keep_links=False
    )
    with closing(book):
        yield book


def _rows(sheet: Any) -> Iterator[Row]:
    """Every row from the first on, however large the sheet says that it is."""
    sheet.reset_dimensions()
    yield from sheet.iter_rows()


def _sheet(opened: Opened, name: str, sheet: Any) -> Sheet:
    shown = f"{name}, sheet {escaped(sheet.title)}"
    first = [[_text(cell, None) for cell in row] for row in islice(_rows(sheet), ROWS_SEARCHED)]
    head = b"".join(written(_trimmed(row), ",") + b"\n" for row in first)
    read = partial(_read, opened, sheet.title, shown, sheet._worksheet_path)
    return Sheet(shown, "sheet", head, opened, sheet.sheet_state != "visible", read)


def _inspect(opened: Opened, part: str) -> bool:
    """Whether any cell is calculated; raises ValueError where a row or cell stands out of order.

    The parser would leave it out without a word.
    """
    found, last = False, 0
    with opened() as file, zipfile.ZipFile(file) as archive, archive.open(part) as source:
        for _, row in etree.iterparse(source, tag=ROW, load_dtd=False, no_network=True):
            number = int(row.get("r", last + 1))
            if not last < number <= MAX_ROWS or row.getparent().tag == ROW or not _is_in_order(row):
                raise ValueError("out of order")
            last = number
            found = found or next(row.iter(FORMULA), None) is not None
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]
    return found


def _is_in_order(row: etree._Element) -> bool:
    """Whether each cell stands in the row itself, right of the one before it."""
    last = 0
    for cell in row.iter(CELL):
        place = cell.get("r")
        column = coordinate_to_tuple(place)[1] if place else last + 1
        if column <= last or cell.getparent() is not row:
            return False
        last = column
    return True


def _read(opened: Opened, title: str, name: str, path: str, table: SentTable) -> Iterator[Lines]:
    with _refusing(name), _workbook(opened) as book:
        if not _inspect(opened, path):
            yield from _blocks(_rows(book[title]), repeat(()), name, table)
            return
        with _workbook(opened, formulas=True) as formulas:
            yield from _blocks(_rows(book[title]), _rows(formulas[title]), name, table)


def _blocks(
    rows: Iterator[Row], formulas: Iterator[Row], name: str, table: SentTable
) -> Iterator[Lines]:
    """The rows below the header as lines, in blocks; `formulas` are the same cells uncalculated."""
    next(formulas)
    header = _trimmed([" ".join(_text(cell, None).split()) for cell in next(rows)])
    reading = Reading.of(header, table, name)
    repeats = Repeats()
    pairs = enumerate(zip(rows, formulas, strict=False), 2)
    is_last = False
    while not is_last:
        block = list(islice(pairs, ROWS_A_BLOCK))
        is_last = len(block) < ROWS_A_BLOCK
        lines = reading.lines(block)
        if is_last:
            set_totals_aside(lines, ",")
        repeats.drop_from(without_repeats(lines))
        yield lines


@dataclass(frozen=True)
class Reading:
    """How the cells of a sheet are read: by what the contract says of each column."""

    name: str
    header: list[str]
    columns: list[Column | None]
    needed: dict[int, str]

    @classmethod
    def of(cls, header: list[str], table: SentTable, name: str) -> "Reading":
        meant = [table.headers.get(compared(written), "") for written in header]
        columns = [table.columns.get(column) for column in meant]
        needed = {place: column for place, column in enumerate(meant) if column in table.columns}
        return cls(name, header, columns, needed or dict(enumerate(header)))

    def lines(self, rows: Iterable[tuple[int, tuple[Row, Row]]]) -> Lines:
        """A block of rows, each with its number and its cells uncalculated."""
        lines = Lines(self.header, [], numbers := [])
        for number, (row, uncalculated) in rows:
            if not row:  # what stands between two rows that hold something
                continue
            record = self._record(number, row, uncalculated)
            if isinstance(record, SetAside):
                lines.refused.append(record)
            elif record:
                lines.records.append(record)
                numbers.append(number)
        return lines

    def _record(self, number: int, row: Row, uncalculated: Row) -> bytes | SetAside | None:
        """The line of a row, nothing for a blank one, or why it is set aside."""
        width = len(self.header)
        texts = [_text(*pair) for pair in zip(row, self.columns, strict=False)]
        if any(cell.value not in (None, "") for cell in row[width:]):
            _check_width(row, number, self.name)
            return SetAside(number, "RAGGED_ROW")
        if fault := self._fault(number, row, uncalculated):
            return fault
        if not any(texts):
            return None
        line = written([*texts, *[""] * (width - len(texts))], ",")
        return line if len(line) <= MAX_LINE_BYTES else SetAside(number, "FIELD_TOO_LONG")

    def _fault(self, number: int, row: Row, uncalculated: Row) -> SetAside | None:
        for place, column in self.needed.items():
            if place >= len(row):
                continue
            if row[place].data_type == "e":
                return SetAside(number, "CELL_ERROR", column)
            is_formula = place < len(uncalculated) and uncalculated[place].data_type == "f"
            if is_formula and row[place].value is None:
                return SetAside(number, "FORMULA_NO_VALUE", column)
        return None


def _check_width(row: Row, number: int, name: str) -> None:
    if any(cell.value not in (None, "") for cell in row[MAX_COLUMNS:]):
        message = f"a cell right of column {MAX_COLUMNS} is filled; clear what is not the table"
        raise refuse("SHEET_TOO_LARGE", message, file=name, line=number)


def _trimmed(texts: list[str]) -> list[str]:
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any, column: Column | None) -> str:
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
