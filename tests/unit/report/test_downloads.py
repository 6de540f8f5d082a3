"""What readers take away says what the pages and the database say, cell by cell, and any program
can read it."""

import csv
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from lxml import etree, html

from sightline.report.data import read
from sightline.report.downloads import csv_files, ods, tables, xlsx
from sightline.report.downloads.workbook import Column, Figure, Sheet, Table, Workbook
from sightline.report.site import build_site
from sightline.report.view import View

pytestmark = pytest.mark.slow

SHEET = "A1_month"
INDICATOR = "referral_rate"
NS = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
    for name in ("office", "table", "text", "meta")
} | {"dc": "http://purl.org/dc/elements/1.1/"}
CODE = re.compile(r"\[[^\]]+\]")
ALERTED = re.compile(r"Alert: .*?(?=Usual range|$)")
"""What an open alert adds to a state on a page; in the workbook alerts have a sheet."""
Rows = list[list[object]]


def attribute(cell: etree._Element, name: str, prefix: str = "office") -> str | None:
    return cell.get(f"{{{NS[prefix]}}}{name}")


def ods_cell(cell: etree._Element) -> object:
    kind = attribute(cell, "value-type")
    if kind == "float":
        return float(attribute(cell, "value"))
    if kind == "date":
        return date.fromisoformat(attribute(cell, "date-value"))
    return "".join(cell.itertext())


def ods_sheets(path: Path) -> dict[str, Rows]:
    with zipfile.ZipFile(path) as archive:
        content = etree.fromstring(archive.read("content.xml"))
    return {
        attribute(sheet, "name", "table"): [
            [ods_cell(cell) for cell in row.iterfind("table:table-cell", NS)]
            for row in sheet.iterfind(".//table:table-row", NS)
        ]
        for sheet in content.iterfind(".//table:table", NS)
    }


def same_kind(value: object) -> object:
    """Whole numbers and days as every format has them."""
    if isinstance(value, datetime):
        return value.date()
    return float(value) if isinstance(value, int) else value


def xlsx_sheets(path: Path) -> dict[str, Rows]:
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [
            [same_kind(cell) for cell in row if cell is not None]
            for row in sheet.iter_rows(values_only=True)
        ]
        for sheet in book
    }


@pytest.fixture(scope="module")
def folder(site: Path) -> Path:
    return site / "downloads"


@pytest.fixture(scope="module")
def book(folder: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(folder / "sightline.xlsx")


@pytest.fixture(scope="module")
def sheets(folder: Path) -> dict[str, Rows]:
    return xlsx_sheets(folder / "sightline.xlsx")


@pytest.fixture(scope="module")
def marked(book: openpyxl.Workbook) -> dict[str, Rows]:
    """The cells of each sheet's table, headers first."""
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet[table.ref]]
        for sheet in book
        for table in sheet.tables.values()
    }


def test_both_workbooks_hold_the_same_cells(folder: Path, sheets: dict[str, Rows]) -> None:
    assert sum(len(rows) for rows in sheets.values()) > 200
    assert ods_sheets(folder / "sightline.ods") == sheets


def test_each_csv_holds_the_cells_of_its_sheet(folder: Path, marked: dict[str, Rows]) -> None:
    for name in marked.keys() - {"Contents", "Notes"}:
        with (folder / "csv" / f"{name.lower()}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == len(marked[name])
        for row, cells in zip(rows, marked[name], strict=True):
            read_back = [as_kind(text, cell) for text, cell in zip(row, cells, strict=True)]
            assert read_back == cells, name


def as_kind(text: str, cell: object) -> object:
    """What a reader of CSV makes of a text in a column where the sheet has such a cell."""
    if isinstance(cell, datetime):
        return datetime.fromisoformat(text)
    return float(text) if isinstance(cell, int | float) else text


def published(database: Path, level: str) -> dict[tuple[str, date], tuple[object, ...]]:
    """Value, range and authorities in the figures of one indicator, as the database has them."""
    query = """
        select area_code, period_start, value, marker, lower, upper, areas_included
        from trends join areas using (area_code)
        where indicator = ? and period_type = 'month' and areas.area_level = ?
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(query, [INDICATOR, level]).fetchall()
    return {(code, start): tuple(rest) for code, start, *rest in rows}


def shown(value: float | None, marker: str | None) -> object:
    return f"[{marker or 'x'}]" if value is None else round(value, 6)


def test_the_sheet_of_an_indicator_holds_what_the_database_holds(draft, marked) -> None:
    headers, *rows = marked[SHEET]
    found = {
        (row[0], row[4].date()): (*row[7:10], row[11])
        for row in rows if row[2] == "Country"
    }  # fmt: skip
    expected = {
        key: (shown(value, marker), shown(lower, "z"), shown(upper, "z"),
              "[z]" if included is None else included)
        for key, (value, marker, lower, upper, included)
        in published(draft.database, "country").items()
    }  # fmt: skip
    assert len(expected) == 30
    assert found == expected
    assert headers[7] == "Value (per 10,000 children a year) [note 1]"


def words_of(cell: object, decimals: int, notes: str = "[z]") -> str:
    """A cell of a sheet as a page prints it."""
    text = f"{cell:,.{decimals}f}".replace("-", "\u2212") if isinstance(cell, float) else str(cell)
    return text if notes == "[z]" else f"{text} {notes}"


def printed(page: Path, heading: str) -> list[list[str]]:
    parsed = html.fromstring(page.read_text(encoding="utf-8"))
    [table] = [one for one in parsed.iter("table") if heading in one.findtext("caption", "")]
    return [
        [" ".join(cell.text_content().split()) for cell in row] for row in table.findall("tbody/tr")
    ]


def test_the_sheet_of_an_indicator_says_what_its_page_says(site: Path, marked) -> None:
    rows = [row for row in marked[SHEET][1:] if row[1] == "England"]
    page = site / "indicators" / f"{INDICATOR}.html"
    of_page = printed(page, ", England, per 10,000 children a year")
    found = [
        [row[3], words_of(row[7], 1, row[13]), f"{row[11]} of 5 authorities",
         "\u2013" if row[8] == "[z]" else f"{words_of(row[8], 1)} to {words_of(row[9], 1)}",
         row[10]]
        for row in rows
    ]  # fmt: skip
    assert [row[: len(of_page[0])] for row in found] == of_page


def test_the_newest_figures_are_those_of_database_and_page(draft, site: Path, marked) -> None:
    rows = [row for row in marked["Newest_figures"][1:] if row[5] == "per 10,000 children a year"]
    leeds = next(row for row in rows if row[1] == "Leeds")
    held = published(draft.database, "local_authority")
    newest = max(start for _, start in held)
    value, marker, lower, upper, _ = held[leeds[0], newest]
    assert leeds[7:10] == [shown(value, marker), shown(lower, "z"), shown(upper, "z")]
    page = site / "indicators" / f"{INDICATOR}.html"
    of_page = {
        row[0]: (row[1], ALERTED.sub("", row[6])) for row in printed(page, ", by local authority")
    }
    found = {
        f"{row[1]} {row[3]}": (words_of(row[7], 1, row[12]), state_of(row))
        for row in rows if row[2] == "Local authority"
    }  # fmt: skip
    assert found == of_page


def state_of(row: list[object]) -> str:
    """State and range of the newest figure as a page prints them in one cell."""
    if row[8] == "[z]":
        return str(row[10])
    return f"{row[10]} Usual range {words_of(row[8], 1)} to {words_of(row[9], 1)}"


def test_every_authority_stands_in_the_newest_figures(draft, marked) -> None:
    rows = marked["Newest_figures"][1:]
    view = View(read(draft.database))
    assert {row[1] for row in rows if row[2] == "Local authority"} == {
        area.area_name for area in view.authorities
    }


def test_a_withheld_figure_is_c_and_nothing_else_in_its_row_tells_it(marked) -> None:
    rows = [row for name, held in marked.items() if name.endswith("_month") for row in held[1:]]
    withheld = [row for row in rows if row[7] == "[c]"]
    newest = [row for row in marked["Newest_figures"][1:] if row[7] == "[c]"]
    assert withheld or newest
    assert {row[13] for row in withheld} | {row[12] for row in newest} == {"[z]"}


# ---- The guidance on statistics in spreadsheets.


def test_cover_contents_and_notes_come_first(book: openpyxl.Workbook) -> None:
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert all(re.fullmatch(r"\w{1,31}", name) for name in book.sheetnames)


def test_a_sheet_has_one_marked_table_that_fills_it_below_its_lines(book, marked) -> None:
    for sheet in book:
        assert len(sheet.tables) <= 1, sheet.title
        if not sheet.tables:
            assert sheet.max_column == 1
            continue
        [table] = sheet.tables.values()
        first, last = table.ref.split(":")
        assert last == f"{openpyxl.utils.get_column_letter(sheet.max_column)}{sheet.max_row}"
        assert [one.name for one in table.tableColumns] == marked[sheet.title][0]
        assert f"begins in row {sheet[first].row}." in " ".join(
            str(sheet.cell(row, 1).value) for row in range(1, sheet[first].row)
        )


def test_no_cell_is_blank_merged_or_hidden(book: openpyxl.Workbook, marked) -> None:
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_state == "visible"
        assert not [one for one in sheet.column_dimensions.values() if one.hidden]
        assert all(sheet.cell(row, 1).value for row in range(1, sheet.max_row + 1)), sheet.title
    for name, rows in marked.items():
        assert all(cell not in (None, "") for row in rows for cell in row), name
        assert len(set(rows[0])) == len(rows[0]), name


def test_nothing_but_cells_is_in_the_workbooks(folder: Path, book) -> None:
    parts = zipfile.ZipFile(folder / "sightline.xlsx").namelist()
    assert not [one for one in parts if re.search("comment|pivot|external|media|vba", one, re.I)]
    assert not book.defined_names
    assert zipfile.ZipFile(folder / "sightline.ods").namelist() == [
        "mimetype", "content.xml", "meta.xml", "styles.xml", "META-INF/manifest.xml",
    ]  # fmt: skip


def test_every_number_in_a_column_has_its_unit_in_the_header(marked) -> None:
    for name, (headers, *rows) in marked.items():
        for place, header in enumerate(headers):
            kinds = {type(row[place]) for row in rows}
            if kinds & {int, float}:
                assert "(" in header, (name, header)


def test_notes_and_shorthand_are_explained(sheets: dict[str, Rows], marked) -> None:
    told = {row[0] for row in marked["Notes"][1:]}
    for name, rows in sheets.items():
        lines = " ".join(str(row[0]) for row in rows[: len(rows) - len(marked.get(name, []))])
        for row in marked.get(name, []):
            for cell in row:
                codes = CODE.findall(cell) if isinstance(cell, str) and "[" in cell else []
                assert set(codes) <= told, (name, cell)
                if name not in ("Notes", "Contents") and cell not in marked[name][0]:
                    assert all(code in lines for code in codes if cell.startswith("[")), name


def test_the_contents_name_every_table_with_its_rows_and_lead_to_it(book, marked) -> None:
    rows = {row[0]: row[2:] for row in marked["Contents"][1:]}
    assert set(rows) == set(marked) - {"Contents", "Notes"}
    assert all(rows[name][0] == len(marked[name]) - 1 for name in rows)
    links = [cell.hyperlink.location for cell in book["Contents"]["A"] if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in rows]


def test_title_language_and_dates_are_in_the_files(draft, folder: Path, book) -> None:
    about = book.properties
    assert about.title.startswith("[SIMULATED] Sightline")
    assert about.language == "en-GB"
    assert about.modified.date() == draft.built_at.date()
    with zipfile.ZipFile(folder / "sightline.ods") as archive:
        meta = etree.fromstring(archive.read("meta.xml"))
    assert meta.findtext(".//dc:title", namespaces=NS) == about.title
    assert meta.findtext(".//dc:language", namespaces=NS) == "en-GB"
    cover = " ".join(str(row[0].value) for row in book["Cover"])
    for words in (draft.release_id, "Published on", "Contact:", "Simulated data"):
        assert words in cover


def test_an_opendocument_table_is_a_range_with_a_header_row(folder: Path, marked) -> None:
    with zipfile.ZipFile(folder / "sightline.ods") as archive:
        content = etree.fromstring(archive.read("content.xml"))
        first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    ranges = {
        attribute(one, "name", "table"): one
        for one in content.iterfind(".//table:database-range", NS)
    }
    assert set(ranges) == set(marked)
    for name, one in ranges.items():
        assert attribute(one, "contains-header", "table") == "true"
        address = attribute(one, "target-range-address", "table")
        assert address.startswith(f"{name}.A"), address
    heads = content.findall(".//table:table-header-rows/table:table-row", NS)
    assert len(heads) == len(marked)


def test_the_metadata_describe_every_column_of_every_csv(folder: Path) -> None:
    with (folder / "csv" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        described = [(row["File"], row["Column"]) for row in csv.DictReader(file)]
    headers = [
        (path.name, header)
        for path in (folder / "csv").iterdir() if path.name != "metadata.csv"
        for header in next(csv.reader(path.open(encoding="utf-8", newline="")))
    ]  # fmt: skip
    assert sorted(described) == sorted(headers)


def test_the_same_release_gives_the_same_files(draft, folder: Path, tmp_path: Path) -> None:
    build_site(draft.database, tmp_path)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(names) > 8
    for name in names:
        assert (tmp_path / "downloads" / name).read_bytes() == (folder / name).read_bytes(), name


# ---- What a cell may hold.


def of_one_table(*rows: list[object]) -> Workbook:
    columns = [Column(title=f"Column {n}", meaning="A column.") for n in range(len(rows[0]))]
    sheet = Sheet(name="Only", title="One", table=Table(columns, rows))
    return Workbook(
        title="T", subject="S", published_at=datetime(2026, 1, 2, tzinfo=UTC), sheets=[sheet]
    )


@pytest.fixture(params=[(xlsx.write, xlsx_sheets), (ods.write, ods_sheets)], ids=["xlsx", "ods"])
def round_trip(request, tmp_path: Path):
    write, read_back = request.param

    def taken(book: Workbook) -> Rows:
        write(book, tmp_path / "book")
        path = (tmp_path / "book").rename(tmp_path / "book.xlsx")
        return read_back(path)["Only"][2:]

    return taken


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@SUM(A1)", "<b>&amp;", "[c]", "1"])
def test_a_text_stays_a_text(round_trip, text: str) -> None:
    assert round_trip(of_one_table([text, 1])) == [[text, 1.0]]


def test_no_text_of_a_csv_is_taken_for_a_formula(tmp_path: Path) -> None:
    csv_files.write(of_one_table(["=1+1", Figure(-1.5, 1)]), tmp_path / "csv")
    with (tmp_path / "csv" / "only.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1] == ["'=1+1", "-1.5"]


@pytest.mark.parametrize("value", [0.1, 1 / 3, -1e-6, 123456789.123456, 0.0])
def test_a_number_comes_back_as_it_was(round_trip, value: float) -> None:
    assert round_trip(of_one_table([Figure(value, 1), "x"])) == [[value, "x"]]


def test_a_day_comes_back_as_it_was(round_trip) -> None:
    day = date(2026, 2, 28)
    assert round_trip(of_one_table([day, "x"])) == [[day, "x"]]


def test_a_table_without_rows_is_a_sentence(draft) -> None:
    published = read(draft.database)
    published.alerts.clear()
    book = tables.workbook(View(published))
    [sheet] = [one for one in book.sheets if one.name == "Alerts"]
    assert sheet.table is None
    assert sheet.lines[-1] == "There is none in this release."
