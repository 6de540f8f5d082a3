"""Write a workbook as an OpenDocument spreadsheet, row by row; the same bytes each time."""

import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sightline.report.downloads.workbook import (
    FIRST_IN_ZIP,
    LANGUAGE,
    WIDE,
    Cell,
    Column,
    Figure,
    Sheet,
    Table,
    Workbook,
    table_range,
)

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
SPACES = " ".join(
    f'xmlns:{name}="{OASIS}:{kind}:1.0"'
    for name, kind in (
        ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"),
        ("meta", "meta"), ("number", "datastyle"), ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip
SPACES += (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' office:version="1.3"'
)
PARTS = ("content.xml", "meta.xml", "styles.xml")
LISTED = (
    f'{HEAD}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>'
    + "".join(
        f'<manifest:file-entry manifest:full-path="{one}" manifest:media-type="text/xml"/>'
        for one in PARTS
    )
    + "</manifest:manifest>"
)
MOST_DECIMALS = 6
CENTIMETRES = 0.2  # for each character of width
TEXTS = {
    "title": ('fo:font-size="14pt" fo:font-weight="bold"', ""),
    "head": ('fo:font-weight="bold"', 'fo:wrap-option="wrap"'),
    "wrapped": ("", 'fo:wrap-option="wrap"'),
    "line": ("", ""),
}


def write(workbook: Workbook, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        _add(archive, "mimetype", MIMETYPE, zipfile.ZIP_STORED)
        info = zipfile.ZipInfo("content.xml", FIRST_IN_ZIP)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w") as out:
            for part in _content(workbook):
                out.write(part.encode())
        _add(archive, "meta.xml", _meta(workbook))
        _add(archive, "styles.xml", _styles())
        _add(archive, "META-INF/manifest.xml", LISTED)


def _add(archive: zipfile.ZipFile, name: str, text: str, how: int = zipfile.ZIP_DEFLATED) -> None:
    archive.writestr(zipfile.ZipInfo(name, FIRST_IN_ZIP), text, how)


def _meta(workbook: Workbook) -> str:
    at = workbook.published_at.replace(microsecond=0).isoformat()
    return (
        f"{HEAD}<office:document-meta {SPACES}><office:meta>"
        f"<dc:title>{escape(workbook.title)}</dc:title>"
        f"<dc:subject>{escape(workbook.subject)}</dc:subject><dc:creator>Sightline</dc:creator>"
        f"<dc:language>{LANGUAGE}</dc:language><dc:date>{at}</dc:date>"
        f"<meta:creation-date>{at}</meta:creation-date></office:meta></office:document-meta>"
    )


def _styles() -> str:
    language, _, country = LANGUAGE.partition("-")
    return (
        f"{HEAD}<office:document-styles {SPACES}><office:styles>"
        '<style:default-style style:family="table-cell"><style:text-properties'
        f' fo:language="{language}" fo:country="{country}"/></style:default-style>'
        "</office:styles></office:document-styles>"
    )


def _content(workbook: Workbook) -> Iterator[str]:
    columns = [one for sheet in workbook.sheets if sheet.table for one in sheet.table.columns]
    yield f"{HEAD}<office:document-content {SPACES}><office:automatic-styles>"
    yield from _widths({WIDE, *(one.width for one in columns)})
    yield from _formats()
    yield "</office:automatic-styles><office:body><office:spreadsheet>"
    for sheet in workbook.sheets:
        yield from _sheet(sheet)
    yield "<table:database-ranges>"
    for sheet in workbook.sheets:
        if sheet.table:
            yield _database_range(sheet, sheet.table)
    yield "</table:database-ranges></office:spreadsheet></office:body></office:document-content>"


def _widths(widths: set[int]) -> Iterator[str]:
    for width in sorted(widths):
        yield (
            f'<style:style style:name="w{width}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{width * CENTIMETRES:.1f}cm"/>'
            "</style:style>"
        )


def _formats() -> Iterator[str]:
    for name, (text, cell) in TEXTS.items():
        yield (
            f'<style:style style:name="{name}" style:family="table-cell">'
            f'<style:table-cell-properties style:vertical-align="top" {cell}/>'
            f"<style:text-properties {text}/></style:style>"
        )
    for places in range(MOST_DECIMALS + 1):
        yield (
            f'<number:number-style style:name="n{places}"><number:number number:grouping="true"'
            f' number:decimal-places="{places}" number:min-integer-digits="1"/>'
            f"</number:number-style>{_formatted(f'd{places}', f'n{places}')}"
        )
    yield (
        '<number:date-style style:name="nday"><number:day/><number:text> </number:text>'
        '<number:month number:style="long" number:textual="true"/><number:text> </number:text>'
        f'<number:year number:style="long"/></number:date-style>{_formatted("day", "nday")}'
    )


def _formatted(name: str, data_style: str) -> str:
    return (
        f'<style:style style:name="{name}" style:family="table-cell"'
        f' style:data-style-name="{data_style}">'
        '<style:table-cell-properties style:vertical-align="top"/></style:style>'
    )


def _sheet(sheet: Sheet) -> Iterator[str]:
    widths = [one.width for one in sheet.table.columns] if sheet.table else [WIDE]
    yield f"<table:table table:name={quoteattr(sheet.name)}>"
    yield "".join(f'<table:table-column table:style-name="w{one}"/>' for one in widths)
    yield _row([_text(sheet.title, "title")])
    for line in sheet.lines:
        yield _row([_text(line, "line" if sheet.table else "wrapped")])
    if sheet.table:
        columns = sheet.table.columns
        heads = _row([_text(one.title, "head") for one in columns])
        yield f"<table:table-header-rows>{heads}</table:table-header-rows>"
        for number, row in enumerate(sheet.table.rows):
            cells = [_cell(value, column) for value, column in zip(row, columns, strict=True)]
            if sheet.leads_to:
                cells[0] = _link(str(row[0]), sheet.leads_to[number])
            yield _row(cells)
    yield "</table:table>"


def _row(cells: list[str]) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _text(text: str, style: str) -> str:
    return (
        f'<table:table-cell table:style-name="{style}" office:value-type="string">'
        f"<text:p>{escape(text)}</text:p></table:table-cell>"
    )


def _link(text: str, sheet: str) -> str:
    target = quoteattr(f"#{sheet}.A1")
    return (
        '<table:table-cell table:style-name="line" office:value-type="string"><text:p>'
        f'<text:a xlink:type="simple" xlink:href={target}>{escape(text)}</text:a></text:p>'
        "</table:table-cell>"
    )


def _cell(value: Cell, column: Column) -> str:
    if isinstance(value, str):
        return _text(value, "wrapped" if column.wraps else "line")
    if isinstance(value, date):
        return (
            '<table:table-cell table:style-name="day" office:value-type="date"'
            f' office:date-value="{value.isoformat()}"><text:p>{value.isoformat()}</text:p>'
            "</table:table-cell>"
        )
    number, places = value if isinstance(value, Figure) else (value, 0)
    return (
        f'<table:table-cell table:style-name="d{places}" office:value-type="float"'
        f' office:value="{number!r}"><text:p>{number:,.{places}f}</text:p></table:table-cell>'
    )


def _database_range(sheet: Sheet, table: Table) -> str:
    first, _, last = table_range(sheet, table).partition(":")
    target = f"{sheet.name}.{first}:{sheet.name}.{last}"
    return (
        f"<table:database-range table:name={quoteattr(sheet.name)}"
        f" table:target-range-address={quoteattr(target)}"
        ' table:contains-header="true" table:display-filter-buttons="true"/>'
    )
