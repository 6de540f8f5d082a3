"""Excel workbooks: the same rows as CSV would give, or refused before anything is parsed."""

import io
import resource
import time
import zipfile
from datetime import date, datetime
from functools import partial

import intake_files as files
import openpyxl
import pytest
from intake_files import YEAR, care, errors, notes, queries, rules, zipped
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sightline.warehouse.contracts.schema import Column, SentTable
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.problems import Refused
from sightline.warehouse.submission import Sheet

pytestmark = pytest.mark.slow

KEY = "aae24849842d7082b66f57ce8270bd04da2c39ffb97df22803c270983032c4e5"
NAMES = {"a.csv": "Header", "b.csv": "Episodes", "c.csv": "Missing"}


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def tables():
    """The rows of a care return of one child, by sheet."""
    return {
        NAMES[name]: [line.split(",") for line in text.splitlines()]
        for name, text in care().items()
    }


def book(sheets, *, epoch=None, hidden=()):
    """A workbook of these sheets, as bytes."""
    out = openpyxl.Workbook()
    out.remove(out.active)
    if epoch:
        out.epoch = epoch
    for name, rows in sheets.items():
        sheet = out.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    stream = io.BytesIO()
    out.save(stream)
    return stream.getvalue()


def edited(content, part, old, new):
    """A workbook in which the XML of one part reads otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == part:
                assert old in data
                data = data.replace(old, new, 1)
            target.writestr(info.filename, data)
    return out.getvalue()


def sent(monitor, content, name="return.xlsx"):
    monitor.drop_zip({name: content}, YEAR)
    [outcome] = monitor.take_in().outcomes
    return outcome


def refusal(monitor, content, name="return.xlsx"):
    monitor.drop(name, content)
    [outcome] = monitor.take_in().outcomes
    assert outcome.is_refused
    return outcome.problems[0]


def days(rows, kind):
    """Dates written as text become those of a calendar."""
    return [
        [
            kind(*map(int, reversed(cell.split("/")))) if cell.count("/") == 2 else cell
            for cell in row
        ]
        for row in rows
    ]


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
@pytest.mark.parametrize("kind", [str, date, datetime])
def test_a_workbook_gives_what_its_tables_as_text_give(tmp_path, kind, epoch):
    """Fault 24: dates as cells of either calendar, or as text."""
    kept = []
    sheets = {name: rows if kind is str else days(rows, kind) for name, rows in tables().items()}
    for number, content in enumerate(({**care()}, {"return.xlsx": book(sheets, epoch=epoch)})):
        one = files.monitor(tmp_path / str(number))
        one.home.key.write_text(KEY)
        outcome = one.send(content, YEAR)
        assert (outcome.accepted, errors(outcome)) == (3, [])
        kept.append([one.raw(f"{name}") for name in ("care_children", "missing_episodes")])
    assert kept[0] == kept[1]


def test_numbers_are_written_as_people_write_them(tmp_path):
    """Fault 24: an identifier that is a number has no decimal point."""
    keys = []
    for number, child in enumerate(("1001", 1001, 1001.0)):
        one = files.monitor(tmp_path / str(number))
        one.home.key.write_text(KEY)
        sheets = {
            name: [[child if cell == "K1" else cell for cell in row] for row in rows]
            for name, rows in tables().items()
        }
        assert errors(sent(one, book(sheets))) == []
        keys.append(one.raw("care_children", "person_key"))
    assert keys[0] == keys[1] == keys[2]


@pytest.mark.parametrize(("pad", "kept"), [(3, b"001,K1"), (0, b"1,K1")])
def test_first_zeros_come_back_only_where_the_contract_says_so(pad, kept):
    """Fault 24."""
    column = Column(type="text", pattern=r"\d{3}", pad=pad)
    table = SentTable(recognise=("lea",), columns={"lea": column})
    content = book({"Schools": [["LEA", "Child"], [1, "K1"]]})
    [sheet] = open_bundle(partial(io.BytesIO, content), len(content), "x.xlsx").members
    assert isinstance(sheet, Sheet)
    assert [line for lines in sheet.read(table, 1) for line in lines.records] == [kept]


def test_a_bare_workbook_may_be_sent_with_its_manifest_beside_it(monitor):
    monitor.drop("return.xlsx", book(tables()))
    monitor.drop("return.xlsx.manifest.json", '{"extract": "ssda903"}')
    [outcome] = monitor.take_in().outcomes
    assert (outcome.extract, outcome.accepted) == ("ssda903", 3)


def test_a_problem_names_the_sheet_and_its_row(monitor):
    sheets = tables()
    sheets["Missing"] += [[], ["K1", "14/05/2012", "X", "04/08/2025", "05/08/2025"]]
    sheets["Missing"] += [
        ["K1", "14/05/2012", "M", f"{day:02}/09/2025", f"{day:02}/09/2025"] for day in range(1, 20)
    ]
    outcome = sent(monitor, book(sheets))
    [problem] = [p for p in outcome.problems if p.severity == "error"]
    assert (problem.rule, problem.line, problem.column) == ("CODE_UNKNOWN", 4, "missing")
    assert problem.file == "return.xlsx, sheet Missing"


def test_cells_without_a_value_of_their_own_keep_out_their_rows(monitor):
    """Fault 23."""
    sheets = tables()
    sheets["Missing"] += [
        ["K1", "14/05/2012", "M", f"{day:02}/09/2025", f"{day:02}/09/2025"] for day in range(1, 30)
    ]
    sheets["Missing"][3][3] = "=TODAY()"
    sheets["Missing"][5][2] = "#REF!"
    sheets["Missing"][7][0] = "#N/A"
    outcome = sent(monitor, book(sheets))
    assert errors(outcome) == [
        ("FORMULA_NO_VALUE", 4, "mis_start"),
        ("CELL_ERROR", 6, "missing"),
        ("CELL_ERROR", 8, "child"),
    ]
    assert (outcome.records, outcome.accepted, outcome.quarantined) == (32, 29, 3)
    assert [line for _, line, _ in monitor.refused_lines()] == [4, 6, 8]


def test_a_formula_with_its_result_is_read(monitor):
    """Fault 23."""
    content, part = book(tables()), "xl/worksheets/sheet3.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read(part)
    cell = sheet[sheet.index(b'<c r="C2"') :].partition(b"</c>")[0]
    calculated = edited(content, part, cell, b'<c r="C2" t="str"><f>T("M")</f><v>M</v>')
    assert sent(monitor, calculated).accepted == 3


def test_titles_above_and_totals_below_are_no_children(monitor):
    """Fault 20."""
    sheets = tables()
    sheets["Missing"].insert(0, ["Missing children 2025-26"])
    sheets["Header"] += [[f"K{i}", "F", "14/05/2012", "WBRI", None] for i in range(2, 20)]
    sheets["Header"].append(["Total", 19, None, None, None])
    outcome = sent(monitor, book(sheets))
    assert errors(outcome) == [("TOTAL_ROW", 21, None)]
    assert len(monitor.raw("care_children")) == 19
    assert ("TITLE_ROWS", "return.xlsx, sheet Missing", 1) in notes(outcome)


def test_a_hidden_sheet_is_never_read_silently(monitor):
    """Fault 22."""
    content = book(tables() | {"Old": tables()["Missing"]}, hidden=["Old"])
    outcome = sent(monitor, content)
    assert outcome.accepted == 3
    assert [(q.rule, q.file) for q in queries(outcome)] == [
        ("HIDDEN_SHEET", "return.xlsx, sheet Old")
    ]
    sheets = {"Notes": [["Nothing here"]], "Missing": tables()["Missing"]}
    problem = refusal(monitor, book(sheets, hidden=["Missing"]))
    assert (problem.rule, problem.file) == ("HIDDEN_SHEET", "return.xlsx, sheet Missing")


def test_two_sheets_of_one_table_are_refused_by_name(monitor):
    """Fault 22."""
    problem = refusal(monitor, book(tables() | {"Copy": tables()["Missing"]}))
    assert problem.rule == "TABLE_TWICE"
    assert "sheet Copy" in problem.message
    assert "sheet Missing" in problem.message


def test_other_sheets_are_left_out_and_said_to_be(monitor):
    """Fault 22."""
    outcome = sent(monitor, book({"Guide": [["How to fill this in"]]} | tables() | {"Blank": []}))
    assert outcome.accepted == 3
    assert [(q.rule, q.file) for q in queries(outcome)] == [
        ("UNKNOWN_FILE", "return.xlsx, sheet Guide")
    ]


def test_rows_that_repeat_are_counted_once(monitor):
    sheets = tables()
    sheets["Missing"].append(sheets["Missing"][1])
    outcome = sent(monitor, book(sheets))
    assert (outcome.records, outcome.accepted, outcome.duplicates) == (4, 3, 1)


def bomb(size, *, stated=None):
    """A workbook with a sheet of zeros, whose size may be stated wrongly."""
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(book(tables())))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
        target.writestr("xl/worksheets/sheet9.xml", b"0" * size)
    content = out.getvalue()
    if stated is not None:
        honest, lie = size.to_bytes(4, "little"), stated.to_bytes(4, "little")
        assert content.count(honest) == 2
        content = content.replace(honest, lie)
    return content


@pytest.mark.parametrize(
    "content",
    [
        bomb(314_000_000),
        zipped({"return.xlsx": bomb(314_000_000)}, YEAR),
        bomb(314_000_000, stated=1_000),
    ],
    ids=["plain", "nested", "lying"],
)
def test_a_bomb_is_refused_before_it_is_unpacked(monitor, content):
    """Fault 25."""
    assert refusal(monitor, content, "return.zip").rule == "DECOMPRESSED_SIZE"
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(Refused):
        open_bundle(partial(io.BytesIO, content), len(content), "return.xlsx")
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="2"', b'<row r="1"'),  # would stand for the row before it
        (b'<row r="2"', b'<row r="1048577"'),
        (b'<row r="2"', b'<row r="999999999999"'),
        (b'<c r="C2"', b'<c r="A2"'),  # would stand for the cell before it
        (b'<c r="C2"', b'<row r="3"/><c r="C2"'),
        (b"</c>", b'<c r="B1"><v>1</v></c></c>'),
    ],
)
def test_a_sheet_of_which_rows_or_cells_would_be_lost_is_refused(monitor, old, new):
    """Fault 21."""
    content = edited(book(tables()), "xl/worksheets/sheet3.xml", old, new)
    monitor.drop_zip({"return.xlsx": content}, YEAR)
    [outcome] = monitor.take_in().outcomes
    assert outcome.is_refused
    assert [one.rule for one in outcome.problems] == ["NOT_XLSX"]
    assert "damaged" in outcome.problems[0].message


def test_rows_and_cells_need_not_say_where_they_stand(monitor):
    content = book(tables())
    for place in (b' r="2"', b' r="A2"', b' r="B2"'):
        content = edited(content, "xl/worksheets/sheet3.xml", place, b"")
    assert sent(monitor, content).accepted == 3


@pytest.mark.timeout(60)
def test_a_stray_cell_at_the_far_corner_is_refused_in_good_time(monitor):
    """Fault 26."""
    out = openpyxl.load_workbook(io.BytesIO(book(tables())))
    out["Missing"]["XFD1048576"] = "x"
    stream = io.BytesIO()
    out.save(stream)
    problem = refusal(monitor, stream.getvalue())
    assert (problem.rule, problem.line) == ("SHEET_TOO_LARGE", 1_048_576)


def macros():
    out = io.BytesIO(book(tables()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    return out.getvalue()


UNREADABLE = {
    "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + "Workbook".encode("utf-16-le"),
    "locked": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    "web page": b"<html><table></table></html>",
    "cut": book(tables())[:-200],
    "macros": macros(),
    "entities": edited(
        book(tables()),
        "xl/worksheets/sheet1.xml",
        b"<worksheet",
        b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet',
    ),
    "broken": edited(book(tables()), "xl/workbook.xml", b"<sheets>", b"<sheets>&"),
    "strict": edited(
        book(tables()),
        "xl/workbook.xml",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    ),
}


def test_what_is_no_workbook_is_refused_each_for_its_own_reason(monitor):
    """Fault 21."""
    problems = [refusal(monitor, content) for content in UNREADABLE.values()]
    assert {problem.rule for problem in problems} == {"NOT_XLSX"}
    assert len({problem.message for problem in problems}) == len(UNREADABLE)


def test_reading_a_workbook_says_nothing_of_what_is_in_it(monitor, capfd):
    """Fault 23: a date out of all bounds is an error, and is not quoted."""
    content = book(tables() | {"Missing": days(tables()["Missing"], date)})
    part = "xl/worksheets/sheet3.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read(part)
    day = sheet[sheet.index(b'<c r="D2"') :].partition(b"<v>")[2].partition(b"</v>")[0]
    outcome = sent(monitor, edited(content, part, b"<v>" + day, b"<v>987654321"))
    assert "CELL_ERROR" in rules(outcome)
    out = capfd.readouterr()
    assert "987654321" not in out.out + out.err
