"""OpenDocument spreadsheets as programs write them, from rows of values."""

import io
import zipfile
from datetime import date
from typing import Any
from xml.sax.saxutils import escape, quoteattr

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = ("office", "table", "text", "style")
SPACES = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in NAMES)
SPACES += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
LISTED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest'
    ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{}</manifest:manifest>'
)
STYLES = (
    '<style:style style:name="shown" style:family="table">'
    '<style:table-properties table:display="true"/></style:style>'
    '<style:style style:name="hidden" style:family="table">'
    '<style:table-properties table:display="false"/></style:style>'
)


class Xml(str):
    """A cell or a row as it stands in the file."""


def cell(value: Any) -> str:
    """Texts that look like errors are ones, as results of formulas are."""
    if isinstance(value, Xml):
        return value
    if value in (None, ""):
        return "<table:table-cell/>"
    if isinstance(value, bool):
        kind, held = "boolean", f'boolean-value="{str(value).lower()}"'
    elif isinstance(value, int | float):
        kind, held = "float", f'value="{value}"'
    elif isinstance(value, date):
        kind, held = "date", f'date-value="{value.isoformat()}"'
    elif str(value).startswith("#"):
        return (
            '<table:table-cell table:formula="of:=1/0" office:value-type="string"'
            f' office:string-value="" calcext:value-type="error"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )
    else:
        kind, held = "string", ""
    shown = value.strftime("%d %b %y") if isinstance(value, date) else value
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(shown).split("\n"))
    held = f" office:{held}" if held else ""
    return f'<table:table-cell office:value-type="{kind}"{held}>{paragraphs}</table:table-cell>'


def row(cells: Any) -> str:
    if isinstance(cells, Xml):
        return cells
    return f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>"


def content(sheets: dict[str, list[Any]], hidden: tuple[str, ...] = ()) -> str:
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}"
        f' table:style-name="{"hidden" if name in hidden else "shown"}">'
        '<table:table-column table:number-columns-repeated="16384"/>'
        f"{''.join(map(row, rows))}"
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table>"
        for name, rows in sheets.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {SPACES}>'
        f"<office:automatic-styles>{STYLES}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )


def packed(
    text: str | bytes, mimetype: str | None = MIMETYPE, listed: str = "", **more: bytes
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        parts: dict[str, str | bytes] = {"mimetype": mimetype} if mimetype else {}
        parts |= {"content.xml": text, "META-INF/manifest.xml": LISTED.format(listed), **more}
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def spreadsheet(sheets: dict[str, list[Any]], *, hidden: tuple[str, ...] = ()) -> bytes:
    """A spreadsheet of these sheets, as bytes."""
    return packed(content(sheets, hidden))
