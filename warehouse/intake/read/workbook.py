"""Read the sheets of an Excel workbook (.xlsx) as tables of text; checked before it is parsed."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from typing import Any

import openpyxl
from lxml import etree
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.xml.constants import SHEET_MAIN_NS

from sightline.warehouse.contracts.schema import SentTable
from sightline.warehouse.intake.read.cells import MAX_ROWS, ROWS_SEARCHED, Row, blocks, head_of
from sightline.warehouse.intake.receive.unpacking import UNZIPPING_FAULTS, check_parts
from sightline.warehouse.machine import machine_fault
from sightline.warehouse.problems import Refused, escaped, refuse
from sightline.warehouse.submission import Lines, Opened, Sheet

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
    names = archive.namelist()
    if "xl/vbaProject.bin" in names:
        raise _not_xlsx(name, "it holds macros; save it as .xlsx, without them")
    if "xl/workbook.bin" in names:
        raise _not_xlsx(name, "it is a binary workbook (.xlsb); save it as .xlsx")
    for part, start in check_parts(archive, size, name):
        if part == "xl/workbook.xml" and STRICT in start:
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
    except PARSING_FAULTS as fault:
        if machine_fault(fault):
            raise
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
    head = head_of(islice(_rows(sheet), ROWS_SEARCHED))
    read = partial(_read, opened, sheet.title, shown, sheet._worksheet_path)
    return Sheet(shown, "xlsx", head, opened, sheet.sheet_state != "visible", read)


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


def _read(
    opened: Opened, title: str, name: str, path: str, table: SentTable, header_line: int
) -> Iterator[Lines]:
    with _refusing(name), _workbook(opened) as book:
        if not _inspect(opened, path):
            rows = ((row, ()) for row in _rows(book[title]))
            yield from blocks(enumerate(rows, 1), name, table, header_line)
            return
        with _workbook(opened, formulas=True) as formulas:
            pairs = zip(_rows(book[title]), _rows(formulas[title]), strict=False)
            yield from blocks(enumerate(pairs, 1), name, table, header_line)
