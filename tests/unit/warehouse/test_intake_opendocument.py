"""OpenDocument spreadsheets: what Excel workbooks give, or refused before anything is parsed."""

import io
import json
import time
from datetime import date, datetime
from functools import partial

import intake_files as files
import pytest
from intake_files import YEAR, care, errors, notes, queries, zipped
from opendocument import MIMETYPE, Xml, content, packed, spreadsheet
from test_intake_workbooks import KEY, book, days, tables

from sightline.senders.validate import validate
from sightline.warehouse.contracts.schema import Column, SentTable
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.read.cells import MAX_COLUMNS, MAX_ROWS
from sightline.warehouse.problems import Refused

pytestmark = pytest.mark.slow

TABLE = SentTable(
    recognise=("id", "day"),
    columns={
        "id": Column(type="id", kind="person", required=True),
        "day": Column(type="date", format="day_first"),
        "n": Column(type="integer", optional=True),
    },
)
HEADER = ["id", "day", "n"]


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, data, name="return.ods"):
    monitor.drop_zip({name: data}, YEAR)
    [outcome] = monitor.take_in().outcomes
    return outcome


def refusal(monitor, data, name="return.ods"):
    monitor.drop(name, data)
    [outcome] = monitor.take_in().outcomes
    assert outcome.is_refused
    return outcome.problems[0]


def read(*rows, table=TABLE, line=1):
    """Records with their numbers, what is set aside, and what is said."""
    data = spreadsheet({"One": [HEADER, *rows]})
    [sheet] = open_bundle(partial(io.BytesIO, data), len(data), "x").members
    records, aside, said, repeated = [], [], [], 0
    for lines in sheet.read(table, line):
        records += [(number, record.decode()) for number, record in lines.numbered()]
        aside += [(one.line, one.rule, one.column) for one in lines.refused]
        said += [(one.rule, one.severity, one.column, one.line, one.count) for one in lines.queries]
        repeated += lines.duplicates
    return records, aside, said, repeated


def typed(kind, value, shown, more=""):
    held = {"date": "date-value", "boolean": "boolean-value", "time": "time-value"}
    return Xml(
        f'<table:table-cell office:value-type="{kind}" office:{held.get(kind, "value")}="{value}"'
        f"{more}><text:p>{shown}</text:p></table:table-cell>"
    )


@pytest.mark.parametrize("kind", [str, date, datetime])
def test_a_spreadsheet_gives_what_its_tables_as_text_and_as_a_workbook_give(tmp_path, kind):
    kept = []
    sheets = {name: rows if kind is str else days(rows, kind) for name, rows in tables().items()}
    for number, held in enumerate(
        (care(), {"return.xlsx": book(sheets)}, {"return.ods": spreadsheet(sheets)})
    ):
        one = files.monitor(tmp_path / str(number))
        one.home.key.write_text(KEY)
        outcome = one.send(held, YEAR)
        assert (outcome.accepted, errors(outcome)) == (3, [])
        kept.append([one.raw(name) for name in ("care_children", "missing_episodes")])
    assert kept[0] == kept[1] == kept[2]


@pytest.mark.parametrize("name", ["return.ods", "RETURN.ODS", "return", "return.zip", "a.xlsx"])
@pytest.mark.parametrize("mimetype", [MIMETYPE, f"{MIMETYPE}-template", None])
def test_a_spreadsheet_is_known_by_what_it_holds(monitor, name, mimetype):
    monitor.drop(name, packed(content(tables()), mimetype))
    monitor.drop(f"{name}.manifest.json", json.dumps(YEAR))
    [outcome] = monitor.take_in().outcomes
    assert (outcome.extract, outcome.accepted) == ("ssda903", 3)


def test_validate_takes_a_bare_spreadsheet_for_a_whole_return(tmp_path):
    path = tmp_path / "return.ods"
    path.write_bytes(spreadsheet(tables()))
    [verdict] = validate([path], "301")
    assert (verdict.is_accepted, verdict.accepted) == (True, 3)


@pytest.mark.parametrize(
    ("held", "record"),
    [
        (["K1", date(2026, 3, 9), 3], "K1,09/03/2026,3"),
        (["K1", datetime.fromisoformat("2026-03-09T14:30"), 3.0], "K1,09/03/2026,3"),
        ([1001, "09/03/2026", 2.5], "1001,09/03/2026,2.5"),
        ([typed("float", "1001", "1 001"), "", True], "1001,,TRUE"),
        ([typed("percentage", "0.5", "50 %"), "", False], "0.5,,FALSE"),
        ([typed("currency", "12", "£12"), "", ""], "12,,"),
        (["K1", "", typed("time", "PT10H30M00S", "10:30")], "K1,,10:30:00"),
        (["K1", typed("date", "1899-13-40", "?"), ""], "K1,1899-13-40,"),
        ([typed("float", "many", "x"), "", ""], "many,,"),
        (["K<1>&", "", ""], "K<1>&,,"),
        (["two\nlines", "", ""], "two\x0blines,,"),
        ([Xml("<table:table-cell office:value-type='string'><text:p> a<text:s text:c='2'/>"
              "<text:span>b<text:a>c</text:a></text:span><text:tab/>d<text:line-break/>e\n f"
              "<text:note>hidden</text:note></text:p></table:table-cell>"), "", ""],
         ' a  bc\td\x0be f,,'),
        ([Xml("<table:table-cell office:value-type='string' office:string-value='K1'/>"), "", ""],
         "K1,,"),
        (["K1", "", Xml("<table:covered-table-cell office:value-type='string'><text:p>9</text:p>"
                        "</table:covered-table-cell>")], "K1,,"),
        ([Xml("<table:table-cell office:value-type='string'><office:annotation><text:p>note"
              "</text:p></office:annotation><text:p>K1</text:p></table:table-cell>"), "", ""],
         "K1,,"),
        (["K1", Xml("<table:table-cell><office:annotation><text:p>9</text:p></office:annotation>"
                    "</table:table-cell>"), ""], "K1,,"),
        (["K1", Xml('<table:table-cell table:number-columns-repeated="2"/>')], "K1,,"),
        ([Xml('<table:table-cell office:value-type="float" office:value="7"'
              ' table:number-columns-repeated="3"><text:p>7</text:p></table:table-cell>')],
         "7,7,7"),
        (["K1", "", typed("float", "14", "14", ' table:formula="of:=7+7"')], "K1,,14"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_what_it_holds(held, record):
    records, aside, said, _ = read(held)
    assert [text.replace('"', "") for _, text in records] == [record]
    assert (aside, said) == ([], [])


def test_rows_are_numbered_as_they_are_shown():
    repeated = Xml(
        '<table:table-row table:number-rows-repeated="3"><table:table-cell'
        ' office:value-type="string"><text:p>K2</text:p></table:table-cell></table:table-row>'
    )
    gap = Xml('<table:table-row table:number-rows-repeated="1000"><table:table-cell/>'
              "</table:table-row>")  # fmt: skip
    grouped = Xml(
        "<table:table-row-group><table:table-header-rows><table:table-row><table:table-cell"
        ' office:value-type="string"><text:p>K4</text:p></table:table-cell></table:table-row>'
        "</table:table-header-rows></table:table-row-group>"
    )
    records, aside, said, again = read(["K1"], gap, repeated, [" ", "\u00a0"], ["K3"], grouped)
    assert records == [(2, "K1,,"), (1003, "K2,,"), (1007, "K3,,"), (1008, "K4,,")]
    assert (aside, said, again) == ([], [("BLANK_ROWS", "note", None, 1006, 1)], 2)


ERROR = "#N/A"
UNCALCULATED = Xml('<table:table-cell table:formula="of:=[.A1]"/>')


def test_an_error_keeps_out_a_row_only_where_a_value_is_needed():
    records, aside, said, _ = read(
        [ERROR, "", 1], ["K1", ERROR, 2], ["K2", ERROR, ERROR], [UNCALCULATED, "", 3],
        ["K3", "", UNCALCULATED], [typed("float", "0", "Err:508"), "", 5],
    )  # fmt: skip
    assert records == [(3, "K1,,2"), (4, "K2,,"), (6, "K3,,")]
    assert aside == [
        (2, "CELL_ERROR", "id"),
        (5, "FORMULA_NO_VALUE", "id"),
        (7, "CELL_ERROR", "id"),
    ]
    assert said == [
        ("CELL_ERROR", "query", "day", 3, 2),
        ("CELL_ERROR", "query", "n", 4, 1),
        ("FORMULA_NO_VALUE", "query", "n", 6, 1),
    ]


@pytest.mark.parametrize(
    ("number", "is_kept"),
    [(999_999_999_999_999, True), (10**15, False), (-(10**15), False), (1.23457e12, True),
     (1e22, False), (12345678901234.0, True)],
)  # fmt: skip
@pytest.mark.parametrize("make", [book, spreadsheet])
def test_an_identifier_of_more_digits_than_a_spreadsheet_keeps_is_set_aside(make, number, is_kept):
    data = make({"One": [HEADER, [number, "", 10**15 if is_kept else 1]]})
    [sheet] = open_bundle(partial(io.BytesIO, data), len(data), "x").members
    [lines] = sheet.read(TABLE, 1)
    if is_kept:
        assert lines.records == [f"{int(number)},,{10**15}".encode()]
    else:
        assert [(one.rule, one.column) for one in lines.refused] == [("ID_PRECISION", "id")]


@pytest.mark.parametrize("make", [book, spreadsheet])
def test_set_aside_identifiers_are_named_and_counted(monitor, make):
    sheets = tables()
    sheets["Header"] += [[f"K{n}", "F", "14/05/2012", "WBRI"] for n in range(2, 20)]
    sheets["Header"].append([1234567890123456, "F", "14/05/2012", "WBRI"])
    outcome = sent(monitor, make(sheets))
    assert errors(outcome) == [("ID_PRECISION", 21, "child")]
    assert (outcome.accepted, outcome.quarantined) == (21, 1)


@pytest.mark.parametrize("make", [book, spreadsheet])
def test_errors_and_blanks_in_what_a_row_can_do_without_are_asked_about(monitor, make):
    sheets = tables()
    sheets["Header"][1][1] = ERROR
    sheets["Header"] += [[" ", "\u00a0", "\u200b"], ["", " "], []]
    outcome = sent(monitor, make(sheets))
    assert (outcome.accepted, errors(outcome)) == (3, [])
    assert ("CELL_ERROR", 2) in [(one.rule, one.line) for one in queries(outcome)]
    assert [(rule, count) for rule, file, count in notes(outcome)] == [("BLANK_ROWS", 2)]


@pytest.mark.parametrize("make", [book, spreadsheet])
@pytest.mark.parametrize("titles", [[["Annex A"]], [[], ["Return", "2025-26"], []]])
def test_titles_above_the_header_are_passed_over(monitor, make, titles):
    sheets = {name: [*titles, *rows] for name, rows in tables().items()}
    sheets["Missing"].append(["K1", "14/05/2012", "M", "30/02/2025", ""])
    outcome = sent(monitor, make(sheets))
    assert errors(outcome)[-1][:2] == ("DATE_INVALID", len(titles) + 3)
    assert [one[0] for one in notes(outcome)] == ["TITLE_ROWS"] * 3


def test_hidden_and_other_sheets_are_told_apart(monitor):
    sheets = tables() | {"Old": tables()["Missing"], "Guide": [["How to"]], "Blank": []}
    outcome = sent(monitor, spreadsheet(sheets, hidden=("Old",)))
    assert outcome.accepted == 3
    assert [(one.rule, one.file) for one in queries(outcome)] == [
        ("HIDDEN_SHEET", "return.ods, sheet Old"),
        ("UNKNOWN_FILE", "return.ods, sheet Guide"),
    ]


CELL = "<table:table-cell"
INNER = "<table:table><table:table-row><table:table-cell/></table:table-row></table:table>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</table:table-cell>", f"{INNER}</table:table-cell>"),
        ("</table:table-cell>", f"{CELL}/></table:table-cell>"),
        ("</table:table-cell>", "<table:table-row/></table:table-cell>"),
        (
            "<table:table-column",
            "<table:shapes><table:table-row/></table:shapes><table:table-column",
        ),
    ],
)
def test_rows_and_cells_that_would_be_lost_refuse_the_file(monitor, old, new):
    data = packed(content(tables()).replace(old, new, 1))
    assert refusal(monitor, data).rule == "NOT_XLSX"


@pytest.mark.parametrize(("column", "is_read"), [(MAX_COLUMNS, True), (MAX_COLUMNS + 1, False)])
def test_a_stray_cell_far_right_is_refused(column, is_read):
    gap = Xml(f'<table:table-cell table:number-columns-repeated="{column - 2}"/>')
    data = spreadsheet({"One": [HEADER, ["K1", gap, "x"]]})
    [sheet] = open_bundle(partial(io.BytesIO, data), len(data), "x").members
    if is_read:
        assert [one.rule for lines in sheet.read(TABLE, 1) for one in lines.refused] == [
            "RAGGED_ROW"
        ]
    else:
        with pytest.raises(Refused) as fault:
            list(sheet.read(TABLE, 1))
        assert (fault.value.problems[0].rule, fault.value.problems[0].line) == (
            "SHEET_TOO_LARGE", 2,
        )  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("rows", "is_read"), [(MAX_ROWS - 1, True), (MAX_ROWS, False)])
def test_a_row_repeated_to_the_end_is_read_in_good_time_and_further_refused(rows, is_read):
    row = Xml(
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell'
        ' office:value-type="string" table:number-columns-repeated="3"><text:p>K1</text:p>'
        "</table:table-cell></table:table-row>"
    )
    if is_read:
        started = time.process_time()
        assert read(row)[3] == rows - 1
        assert time.process_time() - started < 15
    else:
        with pytest.raises(Refused) as fault:
            read(row)
        assert fault.value.problems[0].rule == "SHEET_TOO_LARGE"


GOOD = content(tables())
MANY = '<table:table-cell table:number-columns-repeated="0"/>'
LONG = "".join(f"{number * 7919:x}" for number in range(1_500_000))
UNREADABLE = {
    "locked": packed(GOOD, listed="<manifest:file-entry><manifest:encryption-data/>"),
    "packed and locked": packed(GOOD, **{"encrypted-package": b"x"}),
    "cut": packed(GOOD[:-300]),
    "entities": packed(GOOD.replace("<office:doc", '<!DOCTYPE x [<!ENTITY a "b">]><office:doc', 1)),
    "repeated no time": packed(GOOD.replace("<table:table-cell/>", MANY, 1)),
    "archive cut": packed(GOOD)[:-100],
    "large": packed(GOOD.replace("<text:p>", f"<text:p>{LONG}", 1)),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_spreadsheet_is_refused(monitor, kind):
    problem = refusal(monitor, UNREADABLE[kind])
    assert problem.rule in ("NOT_XLSX", "XML_STRUCTURE")
    if "locked" in kind:
        assert "password" in problem.message


def test_a_bomb_is_refused_before_it_is_unpacked(monitor):
    data = packed(GOOD, **{"Pictures/a": b"0" * 300_000_000})
    assert refusal(monitor, data).rule == "DECOMPRESSED_SIZE"


def test_another_document_and_a_flat_one_are_refused_by_name(monitor):
    problem = refusal(monitor, packed(GOOD, "application/vnd.oasis.opendocument.text"), "a.odt")
    assert (problem.rule, "no spreadsheet" in problem.message) == ("TYPE", True)
    flat = GOOD.replace("office:document-content", "office:document")
    problem = refusal(monitor, flat.encode(), "a.fods")
    assert "flat" in problem.message


def test_a_workbook_and_a_spreadsheet_may_be_sent_in_one_bundle(monitor):
    sheets = tables()
    missing = {"Missing": sheets.pop("Missing")}
    monitor.drop("a.zip", zipped({"a.xlsx": book(sheets), "b.ods": spreadsheet(missing)}, YEAR))
    [outcome] = monitor.take_in().outcomes
    assert outcome.accepted == 3
