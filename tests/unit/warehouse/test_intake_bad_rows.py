"""Each bad row is named where its sender will look for it, and its value only when asked for."""

import openpyxl
import pytest
from intake_files import MARCH, care, referrals, ssd, zipped

from sightline.senders.validate import Wanted, validate
from sightline.warehouse.intake.judge.bad_rows import letter

pytestmark = pytest.mark.slow

BAD_DATE = "R99,K1,9 March,N1,2A,N,,\n"
RAGGED = "R100,K1,2026-03-09,N1,2A,N\n"
BAD_CODE = "R102,K1,2026-03-09,N1,ZZ9,N,,\n"
NO_CHILD = "R103,,2026-03-09,N1,2A,N,,\n"


def rows_of(tmp_path, text, wanted):
    path = tmp_path / "march.zip"
    path.write_bytes(zipped(ssd() | {"ssd_cin_episodes.csv": text}, MARCH))
    [verdict] = validate([path], "301", wanted)
    return verdict


@pytest.mark.parametrize(
    ("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_columns_are_lettered_as_spreadsheets_do(place, name):
    assert letter(place) == name


def test_every_bad_row_is_named_by_file_line_column_and_letter(tmp_path):
    text = referrals(60, BAD_DATE, RAGGED, NO_CHILD, BAD_CODE)
    verdict = rows_of(tmp_path, text, Wanted(rows=100))
    found = [(row.problem.line, row.problem.rule, row.header, row.letter) for row in verdict.rows]
    assert found == [
        (62, "DATE_FORMAT", "cine_referral_date", "C"),
        (63, "RAGGED_ROW", None, None),
        (64, "ID_MISSING", "cine_person_id", "B"),
        (65, "CODE_UNKNOWN", "cine_referral_source_code", "E"),
    ]
    assert verdict.rows[0].expected == "a date written as YYYY-MM-DD, such as 2026-03-09"
    assert {row.problem.file for row in verdict.rows} == {"ssd_cin_episodes.csv"}
    assert verdict.quarantined == len(verdict.rows) - 1


def test_a_row_to_be_looked_at_is_named_too(tmp_path):
    early = "R99,K1,2019-03-09,N1,2A,N,,\n"
    verdict = rows_of(tmp_path, referrals(40, early), Wanted(rows=100))
    [row] = [one for one in verdict.rows if one.problem.rule == "TOLD_LATE"]
    assert (row.problem.severity, row.problem.line, row.letter) == ("query", 42, "C")


def test_beyond_the_cap_rows_are_counted(tmp_path):
    verdict = rows_of(
        tmp_path,
        referrals(400, *[BAD_DATE.replace("99", str(900 + i)) for i in range(30)]),
        Wanted(rows=12),
    )
    assert (len(verdict.rows), verdict.unnamed) == (12, 18)
    assert [problem.count for problem in verdict.problems] == [30]


def test_a_value_is_there_only_when_it_is_asked_for(tmp_path):
    text = referrals(40, BAD_CODE)
    assert "ZZ9" not in repr(rows_of(tmp_path, text, Wanted(rows=9)))
    assert [row.value for row in rows_of(tmp_path, text, Wanted(9, values=True)).rows] == ["ZZ9"]


def test_what_is_wrong_with_a_file_as_a_whole_comes_first(tmp_path):
    verdict = rows_of(
        tmp_path,
        referrals(
            3, BAD_DATE, RAGGED, NO_CHILD, RAGGED.replace("1", "2"), NO_CHILD.replace("3", "5")
        ),
        Wanted(rows=9),
    )
    assert not verdict.is_accepted
    assert verdict.rows[0].problem.rule == "TOO_MANY_BAD_ROWS"
    assert len(verdict.rows) == 6


def test_errors_are_named_before_rows_to_be_looked_at(tmp_path):
    early = [f"R9{n},K1,2019-03-09,N1,2A,N,,\n" for n in range(20)]
    verdict = rows_of(tmp_path, referrals(40, *early, NO_CHILD), Wanted(rows=5))
    assert [row.problem.severity for row in verdict.rows] == ["error"] + ["query"] * 4


def test_a_row_of_a_workbook_is_named_by_its_sheet_and_cell(tmp_path):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in care(missing="K1,14/05/2012,Q,01/07/2025,02/07/2025\n").items():
        sheet = book.create_sheet(f"Sheet {name[0]}")
        for line in text.splitlines():
            sheet.append(line.split(","))
    book.save(tmp_path / "return.xlsx")
    [verdict] = validate([tmp_path / "return.xlsx"], "301", Wanted(rows=9))
    [row] = [one for one in verdict.rows if one.problem.severity == "error"]
    assert row.problem.file == "return.xlsx, sheet Sheet c"
    assert (row.problem.line, row.header, row.letter) == (3, "MISSING", "C")
