"""The error report: where each bad row stands and how to mend it, and no value unless asked for."""

import csv
import re
from pathlib import Path

import pytest

from sightline.senders import error_report as errors
from sightline.senders.validate import Verdict, Wanted, validate
from sightline.warehouse.problems import BadRow, Problem
from sightline.warehouse.spreadsheets import ACTIVE

HEADER = (
    "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
    "cine_referral_source_code,cine_referral_nfa,cine_close_reason,cine_close_date"
)
CANARY = "ZZ-CANARY-9"
CIN = """<?xml version="1.0"?>
<Message>
<Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year>
<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>
<Source><LEA>301</LEA></Source></Header>
<Children>
{children}
</Children>
</Message>
"""
CHILD = (
    "<Child><ChildIdentifiers><LAchildID>K{number}</LAchildID>"
    "<PersonBirthDate>2012-02-17</PersonBirthDate><Sex>{sex}</Sex></ChildIdentifiers></Child>"
)


def referrals(path: Path, *bad: str, extra: int = 0, good: int = 60) -> Path:
    """A table of referrals; `extra` columns of the sender's own stand before the known ones."""
    own = "".join(f"own_{number}," for number in range(extra))
    lines = [own + HEADER]
    lines += [f"{',' * extra}R{n},K{n},2026-03-09,N1,2A,N,," for n in range(good)]
    path.write_text("\n".join([*lines, *(f"{',' * extra}{row}" for row in bad)]) + "\n")
    return path


def written(verdicts: list[Verdict], path: Path, *, with_values: bool = False) -> str:
    errors.write(verdicts, path, with_values=with_values)
    return path.read_text(encoding="utf-8-sig")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_is_reported_by_line_letter_rule_and_remedy(tmp_path: Path) -> None:
    bad = "R99,K1,9 March,N1,2A,N,,"
    verdicts = validate([referrals(tmp_path / "a.csv", bad)], "301", Wanted(rows=50))
    written(verdicts, tmp_path / "out.csv")
    [row] = [row for row in rows_of(tmp_path / "out.csv") if row["Line"]]
    assert row == {
        "File": "a.csv",
        "Line": "62",
        "Column": "cine_referral_date",
        "Column letter": "C",
        "Rule": "DATE_FORMAT",
        "Official rule": "",
        "Severity": "error: not taken in",
        "What is wrong": "write dates as YYYY-MM-DD, such as 2026-03-09",
        "What is expected": "a date written as YYYY-MM-DD, such as 2026-03-09",
        "How to mend it": "Write the date as expected; in a spreadsheet, set the format of the "
        "column.",
    }


def test_columns_beyond_z_have_two_letters(tmp_path: Path) -> None:
    path = referrals(tmp_path / "a.csv", f"R99,K1,2026-03-09,N1,{CANARY},N,,", extra=26)
    [row] = [row for row in validate([path], "301", Wanted(rows=50))[0].rows if row.letter]
    assert (row.letter, row.header) == ("AE", "cine_referral_source_code")


def test_a_return_in_xml_is_reported_by_its_lines(tmp_path: Path) -> None:
    children = [CHILD.format(number=n, sex="F") for n in range(30)]
    path = tmp_path / "cin.xml"
    path.write_text(
        CIN.format(children="\n".join([*children, CHILD.format(number=99, sex=CANARY)]))
    )
    [verdict] = validate([path], "301", Wanted(rows=50))
    [row] = [row for row in verdict.rows if row.problem.rule == "CODE_UNKNOWN"]
    assert (row.problem.line, row.letter) == (37, None)
    assert CANARY not in written([verdict], tmp_path / "out.html")


@pytest.mark.parametrize("name", ["out.csv", "out.html"])
def test_no_value_stands_in_a_report_unless_it_is_asked_for(tmp_path: Path, name: str) -> None:
    """Fault 113."""
    path = referrals(tmp_path / "a.csv", f"R99,K1,2026-03-09,N1,{CANARY},N,,")
    with_them = validate([path], "301", Wanted(rows=50, values=True))
    assert CANARY not in written(with_them, tmp_path / name)
    report = written(with_them, tmp_path / name, with_values=True)
    assert CANARY in report
    assert "personal data" in report
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_cells_that_a_spreadsheet_would_run_are_made_plain(tmp_path: Path) -> None:
    """Fault 113."""
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"]
    rows = [BadRow(Problem("CODE_UNKNOWN", "x", file=text, line=2), value=text) for text in hostile]
    verdict = Verdict("=cmd.csv", "ssd", None, True, 9, 2, 7, 0, [], rows, unnamed=3)
    written([verdict], tmp_path / "out.csv", with_values=True)
    cells = [cell for row in rows_of(tmp_path / "out.csv") for cell in row.values() if cell]
    assert not [cell for cell in cells if cell.startswith(ACTIVE)]
    assert [row[errors.VALUE] for row in rows_of(tmp_path / "out.csv")][:7] == [
        f"'{text}" for text in hostile
    ]


def test_a_workbook_reads_the_cells_as_text(tmp_path: Path) -> None:
    """Fault 113."""
    openpyxl = pytest.importorskip("openpyxl", reason="no reader of workbooks is installed")
    sheet = openpyxl.Workbook().active
    sheet.append([errors.plain("=HYPERLINK(1)"), "=HYPERLINK(1)"])
    assert [cell.data_type for cell in sheet[1]] == ["s", "f"]


def test_a_long_list_says_how_much_it_leaves_out_and_counts_all(tmp_path: Path) -> None:
    bad = [f"R9{n},K1,9 March,N1,2A,N,," for n in range(40)]
    path = referrals(tmp_path / "a.csv", *bad, good=600)
    verdicts = validate([path], "301", Wanted(rows=10))
    written(verdicts, tmp_path / "out.csv")
    last = rows_of(tmp_path / "out.csv")[-1]
    assert last["Rule"] == "NOT_LISTED"
    assert last["What is wrong"].startswith("30 more are not listed here; in all: DATE_FORMAT 40")
    assert "30 more are not listed" in written(verdicts, tmp_path / "out.html")


def test_the_page_holds_no_script_and_points_nowhere(tmp_path: Path) -> None:
    name = '<script src="x">.csv'
    problem = Problem("EMPTY_FILE", "<img src=x>", file=name)
    verdict = Verdict(
        name, "ssd", None, False, 0, 0, 0, 0,
        [problem], [BadRow(problem)],
    )  # fmt: skip
    text = written([verdict], tmp_path / "out.html")
    assert not re.search(r"<(script|img|link|iframe)|https?:", text)


def test_a_former_report_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("a former report")
    path.chmod(0o666)
    verdicts = validate([referrals(tmp_path / "a.csv")], "301", Wanted(rows=1, values=True))
    assert "a former report" not in written(verdicts, path, with_values=True)
    assert path.stat().st_mode & 0o777 == 0o600
