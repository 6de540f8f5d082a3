"""Read the sheets of an OpenDocument spreadsheet (.ods) as tables of text, row by row."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from lxml import etree

from sightline.warehouse.contracts.schema import SentTable
from sightline.warehouse.intake.read.cells import (
    MAX_COLUMNS,
    MAX_ROWS,
    ROWS_SEARCHED,
    Row,
    blocks,
    head_of,
)
from sightline.warehouse.intake.read.csv import MAX_LINE_BYTES
from sightline.warehouse.intake.read.xml import MOST_HELD, Source, parsed
from sightline.warehouse.intake.receive.unpacking import UNZIPPING_FAULTS, check_parts
from sightline.warehouse.machine import machine_fault
from sightline.warehouse.problems import Refused, escaped, refuse
from sightline.warehouse.submission import Lines, Opened, Sheet

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
# What a part of an archive says that only its password opens.
LOCKED = (b"encryption-data", b"encrypted-package")
NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
OFFICE, TABLE, TEXT, STYLE = (
    f"{{{NAMESPACE.format(name)}}}" for name in ("office", "table", "text", "style")
)
CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
# What rows may stand in, in a sheet.
PARTS = [f"{TABLE}{name}" for name in ("table-rows", "table-header-rows", "table-row-group")]
EXTENSION = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)|Err:\d{3}")
DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
BLANKS = re.compile(r"[ \t\r\n]+")


class Cell(NamedTuple):
    """A cell as the reader of sheets wants it; `data_type` e is an error, f not calculated."""

    value: str | bool | int | float | date | None
    data_type: str = "n"


BLANK = Cell(None)


class _Damaged(Exception):
    """It is no spreadsheet that a program would write."""


def sheets(opened: Opened, name: str) -> list[Sheet]:
    """The sheets that hold anything; raises Refused on a spreadsheet that is unsafe or broken."""
    with _refusing(name):
        with opened() as file, zipfile.ZipFile(file) as archive:
            _check(archive, file.seek(0, 2), name)
        found = list(_sheets(opened, name))
    return [sheet for sheet in found if sheet.head.strip(b",\n")]


def _check(archive: zipfile.ZipFile, size: int, name: str) -> None:
    """Refuse what must not be parsed, by the list of its parts and the start of each."""
    names = archive.namelist()
    is_listed = MANIFEST in names and archive.getinfo(MANIFEST).file_size <= MOST_HELD
    said = archive.read(MANIFEST) if is_listed else b""
    if any(word in said for word in LOCKED) or "encrypted-package" in names:
        raise _not_read(name, "it is protected by a password; save it without one")
    if CONTENT not in names:
        raise _Damaged
    for _ in check_parts(archive, size, name):
        pass


def _not_read(name: str, message: str) -> Refused:
    return refuse("NOT_XLSX", message, file=name)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except (*UNZIPPING_FAULTS, etree.XMLSyntaxError, LookupError, _Damaged) as fault:
        if machine_fault(fault):
            raise
        raise _not_read(name, "it is damaged and cannot be read; save it again") from None


def _sheets(opened: Opened, name: str) -> Iterator[Sheet]:
    hidden: set[str] = set()
    titles: list[tuple[str, bool]] = []
    heads: list[list[Row]] = []
    last = 0
    for _, element in _elements(opened, name):
        if element.tag == f"{STYLE}table-properties":
            if element.get(f"{TABLE}display") == "false":
                hidden.add(element.getparent().get(f"{STYLE}name", ""))
        elif element.tag == f"{TABLE}table":
            is_hidden = element.get(f"{TABLE}display") == "false"
            is_hidden = is_hidden or element.get(f"{TABLE}style-name", "") in hidden
            titles.append((element.get(f"{TABLE}name", ""), is_hidden))
            heads.append([])
            last = 0
        elif last < ROWS_SEARCHED:
            times = _times(element, "rows", MAX_ROWS)
            last += times
            heads[-1] += [_row(element)] * min(times, ROWS_SEARCHED - len(heads[-1]))
    for place, ((title, is_hidden), first) in enumerate(zip(titles, heads, strict=True)):
        shown = f"{name}, sheet {escaped(title)}"
        read = partial(_read, opened, place, shown)
        yield Sheet(shown, "ods", head_of(first), opened, is_hidden, read)


def _read(
    opened: Opened, place: int, name: str, table: SentTable, header_line: int
) -> Iterator[Lines]:
    with _refusing(name):
        rows = ((number, (row, row)) for number, row in _rows(opened, place, name))
        yield from blocks(rows, name, table, header_line)


def _rows(opened: Opened, place: int, name: str) -> Iterator[tuple[int, Row]]:
    """The rows of one sheet that hold anything, with their numbers; repeated ones are one object.

    Raises Refused where there are more than any program shows.
    """
    at, number = -1, 0
    for _, element in _elements(opened, name):
        if element.tag == f"{TABLE}table":
            at += 1
            if at > place:
                return
        elif element.tag == f"{TABLE}table-row" and at == place:
            times = _times(element, "rows", MAX_ROWS)
            row = _row(element)
            if row and number + times > MAX_ROWS:
                message = f"it goes on below row {MAX_ROWS:,}; clear what is not the table"
                raise refuse("SHEET_TOO_LARGE", message, file=name, line=MAX_ROWS)
            if row:
                yield from ((one, row) for one in range(number + 1, number + times + 1))
            number += times


def _elements(opened: Opened, name: str) -> Iterator[tuple[str, etree._Element]]:
    """What says how sheets are shown, each sheet as it begins, and each of its rows, then freed."""
    tags = (f"{STYLE}table-properties", f"{TABLE}table", f"{TABLE}table-row")
    with opened() as file, zipfile.ZipFile(file) as archive, archive.open(CONTENT) as part:
        source = Source(part, name, "one row and the next")
        for event, element in parsed(source, tags):
            is_sheet = element.tag == f"{TABLE}table"
            if is_sheet and not _is_of_document(element):
                continue
            if is_sheet == (event == "start") and (is_sheet or _is_of_sheet(element)):
                yield event, element
            if event == "end" and element.tag == f"{TABLE}table-row":
                _free(element)
                source.since_freed = 0


def _is_of_document(table: etree._Element) -> bool:
    """Whether a table is a sheet, and not one that lies in a cell, a shape or a note of changes."""
    parent = table.getparent()
    return parent is not None and parent.tag == f"{OFFICE}spreadsheet"


def _is_of_sheet(element: etree._Element) -> bool:
    """Whether a row belongs to a sheet; raises _Damaged where it stands so that it would be lost.

    What is no row is taken as it is.
    """
    if element.tag != f"{TABLE}table-row":
        return True
    above = element.getparent()
    while above is not None and above.tag in PARTS:
        above = above.getparent()
    if above is None or above.tag != f"{TABLE}table":
        raise _Damaged
    if not _is_of_document(above) and above.getparent().tag != f"{TABLE}dde-link":
        raise _Damaged
    return _is_of_document(above)


def _free(row: etree._Element) -> None:
    row.clear()
    parent = row.getparent()
    while parent is not None and row.getprevious() is not None:
        del parent[0]


def _times(element: etree._Element, what: str, most: int) -> int:
    """How often a row or cell stands there; raises _Damaged where that is no such number."""
    times = element.get(f"{TABLE}number-{what}-repeated", "1")
    if not re.fullmatch(r"0*[1-9]\d{0,8}", times):
        raise _Damaged
    return min(int(times), most + 1)


def _row(element: etree._Element) -> Row:
    """The cells of a row up to the last that holds anything, or to the first too far right."""
    row: list[Cell] = []
    blanks = 0
    if any(cell.getparent() is not element for cell in element.iter(*CELLS)):
        raise _Damaged
    for part in element.iterchildren(*CELLS):
        times = _times(part, "columns", MAX_COLUMNS)
        # What another cell covers is not seen.
        cell = _cell(part) if part.tag == f"{TABLE}table-cell" else BLANK
        if cell is BLANK:
            blanks = min(blanks + times, MAX_COLUMNS)
            continue
        row += [*[BLANK] * blanks, *[cell] * times]
        blanks = 0
        if len(row) > MAX_COLUMNS:
            break
    return tuple(row)


def _cell(element: etree._Element) -> Cell:
    kind = element.get(f"{OFFICE}value-type")
    is_formula = element.get(f"{TABLE}formula") is not None
    if kind is None and not is_formula and not len(element):
        return BLANK
    shown = "\n".join(map(_paragraph, element.iterchildren(f"{TEXT}p")))
    if element.get(f"{EXTENSION}value-type") == "error" or ERROR.fullmatch(shown):
        return Cell(shown, "e")
    value = _value(element, kind, shown)
    if value is None or value == "":
        return Cell(None, "f") if is_formula and kind is None else BLANK
    return Cell(value)


def _value(
    element: etree._Element, kind: str | None, shown: str
) -> str | bool | int | float | date | None:
    """What a cell holds, and not how it is shown; what cannot be read stays text."""
    held = {"date": "date", "time": "time", "boolean": "boolean", "string": "string"}.get(
        kind or "string", ""
    )
    written: str | None = element.get(f"{OFFICE}{held}-value" if held else f"{OFFICE}value")
    if written is None:
        return shown
    try:
        match kind:
            case "float" | "percentage" | "currency":
                return _number(written)
            case "date":
                day = datetime.fromisoformat(written[:19])
                return day if "T" in written else day.date()
            case "time":
                found = DURATION.fullmatch(written)
                return ":".join(part.zfill(2) for part in found.groups()) if found else written
            case "boolean":
                return {"true": True, "false": False}.get(written, written)
    except (ValueError, OverflowError):
        pass
    return written


def _number(written: str) -> int | float:
    return int(written) if re.fullmatch(r"-?\d{1,40}", written) else float(written)


def _paragraph(element: etree._Element) -> str:
    """The text of a paragraph without notes: blanks in a row are one, others have elements."""
    parts = [BLANKS.sub(" ", element.text or "")]
    for part in element:
        if part.tag == f"{TEXT}s":
            parts.append(" " * min(_count(part), MAX_LINE_BYTES))
        elif part.tag == f"{TEXT}tab":
            parts.append("\t")
        elif part.tag == f"{TEXT}line-break":
            parts.append("\n")
        elif part.tag in (f"{TEXT}span", f"{TEXT}a"):
            parts.append(_paragraph(part))
        parts.append(BLANKS.sub(" ", part.tail or ""))
    return "".join(parts)


def _count(blanks: etree._Element) -> int:
    count = blanks.get(f"{TEXT}c", "1")
    return int(count) if re.fullmatch(r"\d{1,9}", count) else 1
