"""Write a workbook as XLSX: real tables, headers that are read out, the same bytes each time."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook as Book
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table as Marked
from openpyxl.worksheet.table import TableColumn, TableStyleInfo
from openpyxl.writer.excel import ExcelWriter

from sightline.report.downloads.workbook import (
    FIRST_IN_ZIP,
    LANGUAGE,
    WIDE,
    Figure,
    Sheet,
    Table,
    Workbook,
    column_letters,
    table_range,
)

DAY = "d mmmm yyyy"
PLAIN_TABLE = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)


class _Archive:
    """What openpyxl asks of a zip file, without the time of day."""

    def __init__(self, held: zipfile.ZipFile) -> None:
        self.held = held
        self.namelist = held.namelist

    def writestr(self, name: str, data: str | bytes) -> None:
        self.held.writestr(zipfile.ZipInfo(name, FIRST_IN_ZIP), data, zipfile.ZIP_DEFLATED)

    def write(self, path: str, name: str) -> None:
        self.writestr(name, Path(path).read_bytes())


def write(workbook: Workbook, path: Path) -> None:
    book = Book(write_only=True)
    book._colors = ()  # a palette of old that nothing here uses, and that reads like identifiers
    about = book.properties
    about.title, about.subject, about.language = workbook.title, workbook.subject, LANGUAGE
    about.creator = "Sightline"
    about.created = about.modified = workbook.published_at.replace(microsecond=0)
    for sheet in workbook.sheets:
        _write_sheet(book, sheet)
    with zipfile.ZipFile(path, "w") as archive:
        ExcelWriter(book, _Archive(archive)).write_data()


def _write_sheet(book: Any, sheet: Sheet) -> None:
    made = book.create_sheet(sheet.name)
    for letters, width in _widths(sheet):
        made.column_dimensions[letters].width = width
    made.append([_text(made, sheet.title, Font(bold=True, size=14))])
    for line in sheet.lines:
        made.append([_text(made, line, wraps=sheet.table is None)])
    if sheet.table is None:
        return
    bold = Font(bold=True)
    made.append([_text(made, one.title, bold, wraps=True) for one in sheet.table.columns])
    for row in _rows(made, sheet.table):
        made.append(row)
    made._tables.add(_marked(sheet, sheet.table))  # add_table warns whatever it is given
    for number, target in enumerate(sheet.leads_to, start=sheet.header_row + 1):
        made._hyperlinks.append(Hyperlink(ref=f"A{number}", location=f"'{target}'!A1"))


def _widths(sheet: Sheet) -> Iterable[tuple[str, int]]:
    if sheet.table is None:
        return [("A", WIDE)]
    return [(column_letters(n), one.width) for n, one in enumerate(sheet.table.columns, start=1)]


def _rows(made: Any, table: Table) -> Iterator[list[Any]]:
    """Each row, in cells that are used again: a row is in the file before the next is made."""
    texts = [_text(made, "", wraps=column.wraps) for column in table.columns]
    numbers: list[dict[str, Any]] = [{} for _ in table.columns]
    for row in table.rows:
        filled = []
        for place, value in enumerate(row):
            if isinstance(value, str):
                cell = texts[place]
                cell.value = value
                cell.data_type = "s"  # never a formula, whatever it begins with
            else:
                shape = _shape(value)
                cell = numbers[place].get(shape) or numbers[place].setdefault(
                    shape, _number(made, shape)
                )
                cell.value = value.value if isinstance(value, Figure) else value
            filled.append(cell)
        yield filled


def _shape(value: int | Figure | date) -> str:
    """The format of a number or a day."""
    if isinstance(value, date):
        return DAY
    decimals = value.decimals if isinstance(value, Figure) else 0
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _text(made: Any, text: str, font: Font | None = None, *, wraps: bool = False) -> Any:
    cell = WriteOnlyCell(made, value=text)
    cell.data_type = "s"
    if font:
        cell.font = font
    cell.alignment = Alignment(wrap_text=wraps, vertical="top")
    return cell


def _number(made: Any, shape: str) -> Any:
    cell = WriteOnlyCell(made)
    cell.alignment = Alignment(vertical="top")
    cell.number_format = shape
    return cell


def _marked(sheet: Sheet, table: Table) -> Marked:
    marked = Marked(
        displayName=sheet.name, name=sheet.name, ref=table_range(sheet, table),
        tableStyleInfo=PLAIN_TABLE,
    )  # fmt: skip
    marked._initialise_columns()
    for place, column in enumerate(table.columns):
        named: TableColumn = marked.tableColumns[place]
        named.name = column.title
    return marked
