"""A sender's file beside a contract: headings, codes and faults are told, and nobody's values."""

import csv
import json
from pathlib import Path
from typing import Any

import intake_files as files
import openpyxl
import pytest
from click.testing import CliRunner
from intake_files import EPISODES, IDENTIFIERS, PERSONS, care, referrals, ssd, upn
from test_intake_xml import census

from orchestration.cli import commands
from warehouse import contract as contracts
from warehouse.intake.differences import OTHERS, WORDS, Diff, TableDiff, differences
from warehouse.intake.published import IDENTITY

# Nobody's, and never to be told wherever a sender's columns went astray.
VALUES = ("Smith", "SMITH", "2012-05-14", "14/05/2012", upn(1), "QX4410077", "O'Neill, Jo")


def compared(path: Path, extract: str = "ssd") -> Diff:
    return differences(path, contracts.load()[extract])


def beside(folder: Path, tables: dict[str, Any], extract: str = "ssd") -> dict[str, TableDiff]:
    """What is told of a zip with these tables, by table."""
    path = folder / "export.zip"
    path.write_bytes(files.zipped(tables, files.MARCH))
    return {one.table: one for one in compared(path, extract).tables}


def read_as(one: TableDiff) -> dict[str, str]:
    """The column that each heading was taken for which is not its own name."""
    return one.renamed | one.near


def test_a_file_that_is_read_as_it_stands_has_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(files.zipped(ssd(), files.MARCH))
    found = compared(path)
    assert found.is_same, found
    assert [one.rows for one in found.tables] == [1, 1, 1, 1, 1]


def test_headings_of_another_case_system_are_told_with_the_column_that_they_mean(
    tmp_path: Path,
) -> None:
    header = (
        "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
        "cine_referral_source,cin_referral_nfa,cine_close_reason,cine_worker_grade\n"
    )
    rows = "".join(f"R{n},K1,2026-03-{n:02},N1,ZZ9,maybe,,3\n" for n in range(1, 8))
    one = beside(tmp_path, ssd(ssd_cin_episodes=header + rows))["ssd_cin_episodes"]
    assert read_as(one) == {
        "cine_referral_source": "cine_referral_source_code",
        "cin_referral_nfa": "cine_referral_nfa",
    }
    assert one.unknown == ["cine_worker_grade"]
    # What stands below a near name is judged as if it were the column.
    assert one.codes["cine_referral_source_code"] == {"ZZ9": 7}
    assert one.codes["cine_referral_nfa"] == {WORDS: 7}


@pytest.mark.parametrize("written", ["cine_referral_days", "CINE REFERRAL DATES"])
def test_a_near_name_is_no_name(tmp_path: Path, written: str) -> None:
    text = referrals(3).replace("cine_referral_date", written)
    one = beside(tmp_path, ssd(ssd_cin_episodes=text))["ssd_cin_episodes"]
    assert one.near == {written: "cine_referral_date"}
    assert one.missing == []
    assert not one.is_same


def test_a_heading_that_is_like_none_is_unknown_and_its_column_missing(tmp_path: Path) -> None:
    text = referrals(3).replace("cine_referral_date", "opened")
    one = beside(tmp_path, ssd(ssd_cin_episodes=text))["ssd_cin_episodes"]
    assert (one.missing, one.unknown, one.near) == (["cine_referral_date"], ["opened"], {})


def test_codes_that_are_not_in_the_list_are_told_with_their_counts(tmp_path: Path) -> None:
    new = [f"R{n},K1,2026-03-09,N77,2A,N,,\n" for n in range(100, 102)]
    words = [f"R{n},K1,2026-03-09,N78 - Something,2A,N,,\n" for n in range(102, 109)]
    own = [f"R{n},K1,2026-03-09,PRSMEM,2A,N,,\n" for n in range(109, 115)]
    text = referrals(40, *new, *words, *own)
    one = beside(tmp_path, ssd(ssd_cin_episodes=text))["ssd_cin_episodes"]
    assert one.codes == {"cine_cin_primary_need_code": {f"N78 {WORDS}": 7, "PRSMEM": 6, "N77": 2}}


@pytest.mark.parametrize("word", ["NULL", "null", "Null", "SSD_PH", "ssd_ph", "#N/A"])
def test_a_word_that_stands_for_nothing_is_no_unknown_code(tmp_path: Path, word: str) -> None:
    rows = "".join(f"R{n},K1,2026-03-{n:02},N1,2A,N,{word},\n" for n in range(1, 8))
    one = beside(tmp_path, ssd(ssd_cin_episodes=EPISODES + rows))["ssd_cin_episodes"]
    assert one.codes == {}


def test_codes_within_lists_are_told_too(tmp_path: Path) -> None:
    factors = files.FACTORS + 'F1,A1,"[""13A"",""99Z""]"\n'
    one = beside(tmp_path, ssd(ssd_assessment_factors=factors))["ssd_assessment_factors"]
    assert one.codes == {"cinf_assessment_factors_json": {"99Z": 1}}


@pytest.mark.parametrize("times", [1, 4])
def test_no_value_of_a_person_is_told(tmp_path: Path, times: int) -> None:
    """Not where a column went astray, and not as the heading of a file that has none."""
    persons, episodes, links = (
        [template.format(value) for value in VALUES * times]
        for template in (
            'K1,"{0}",WBRI,2012\n',
            'R,"{0}",{0},N1,"{0}","{0}",,\n',
            'L,K,"{0}","{0}"\n',
        )
    )
    tables = ssd(
        ssd_person=PERSONS + "".join(persons),
        ssd_cin_episodes=EPISODES + "".join(episodes),
        ssd_linked_identifiers=IDENTIFIERS + "".join(links),
        no_header=f'"{VALUES[0]}",{VALUES[4]},"{VALUES[-1]}"\n',
    )
    path = tmp_path / "export.zip"
    path.write_bytes(files.zipped(tables, files.MARCH))
    told = str(compared(path))
    assert [value for value in VALUES if value in told] == []
    assert "no_header.csv" in told


def test_a_column_of_many_different_texts_shows_none_of_them(tmp_path: Path) -> None:
    rows = "".join(f"R{n},K1,2026-03-09,N1,QX{n:03},N,,\n" * 5 for n in range(60))
    one = beside(tmp_path, ssd(ssd_cin_episodes=EPISODES + rows))["ssd_cin_episodes"]
    assert one.codes["cine_referral_source_code"].keys() == {WORDS}


def test_a_rare_text_that_could_be_a_number_is_only_counted(tmp_path: Path) -> None:
    row = "R99,K1,2026-03-09,N1,B4471,N,,\n"
    one = beside(tmp_path, ssd(ssd_cin_episodes=referrals(20, row)))["ssd_cin_episodes"]
    assert one.codes["cine_referral_source_code"] == {OTHERS: 1}


def test_what_cannot_be_read_is_counted_by_its_kind(tmp_path: Path) -> None:
    bad = [f"R{n},K1,soon,N1,2A,N,,\n" for n in range(100, 103)]
    bad += ["R200,K1,2026-02-30,N1,2A,N,,\n", "R201,,2026-03-09,N1,2A,N,,\n"]
    one = beside(tmp_path, ssd(ssd_cin_episodes=referrals(5, *bad)))["ssd_cin_episodes"]
    assert {(fault.column, fault.rule, fault.count) for fault in one.faults} == {
        ("cine_referral_date", "DATE_FORMAT", 3),
        ("cine_referral_date", "DATE_INVALID", 1),
        ("cine_person_id", "ID_MISSING", 1),
    }


def test_tables_that_lack_and_files_that_are_no_table_are_named(tmp_path: Path) -> None:
    held = ssd() | {"notes.txt": "see Ms Smith about this\n", "care.csv": care()["b.csv"]}
    del held["ssd_assessment_factors.csv"]
    path = tmp_path / "export.zip"
    path.write_bytes(files.zipped(held, files.MARCH))
    found = compared(path)
    assert found.lacking == ["ssd_assessment_factors"]
    assert found.others["care.csv"] == "it is a table of another extract, ssda903"
    assert "headings" in found.others["notes.txt"]
    assert "Smith" not in str(found)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"")
    found = compared(path)
    assert not found.is_same
    assert "empty" in found.others["export.csv"]


def test_two_files_of_one_table_are_told(tmp_path: Path) -> None:
    held = ssd() | {"more.csv": ssd()["ssd_person.csv"]}
    path = tmp_path / "export.zip"
    path.write_bytes(files.zipped(held, files.MARCH))
    found = compared(path)
    assert len(found.tables) == 5
    assert [one for one in found.others if "ssd_person" in found.others[one]] != []


def test_a_semicolon_is_no_reason_to_compare_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ssd_person.csv"
    path.write_text((PERSONS + "K1,F,WBRI,2012-05-14\n").replace(",", ";"))
    [one] = compared(path).tables
    assert (one.table, one.rows, one.missing) == ("ssd_person", 1, [])


def test_a_workbook_is_compared_sheet_by_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in care().items():
        sheet = book.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(text.replace("N1", "N77").splitlines()):
            sheet.append(row)
    book.save(tmp_path / "care.xlsx")
    found = {one.table: one for one in compared(tmp_path / "care.xlsx", "ssda903").tables}
    assert set(found) == {"header", "episodes", "missing"}
    assert found["episodes"].codes == {"cin": {"N77": 1}}


def test_xml_is_compared_by_the_columns_of_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "census.xml"
    path.write_text(census(3).replace("<ReferralSource>2A<", "<ReferralSource>9Z<"))
    found = {one.table: one for one in compared(path, "cin_census").tables}
    assert found["cin_referral"].rows == 3
    assert found["cin_referral"].codes == {"source": {"9Z": 3}}
    assert found["cin_child"].is_same


def test_an_official_series_is_compared_by_what_its_release_must_have(tmp_path: Path) -> None:
    contract = contracts.load()["published_referrals"]
    head = (*IDENTITY, contract.filter[0], *contract.measures)
    path = tmp_path / "release.csv"
    figures = ("12", "many", "3", "4", "5", "6", "7", "8")
    row = ("2024", "Reporting year", "National", "E92000001", "England", *[""] * 5, "x", *figures)
    path.write_text(f"{','.join(head)}\n{','.join(row[: len(head)])}\n")
    [one] = compared(path, "published_referrals").tables
    assert [(fault.column, fault.rule) for fault in one.faults] == [
        (contract.measures[1], "NUMBER")
    ]


@pytest.mark.parametrize(
    ("tables", "code", "says"),
    [
        (ssd(), 0, "all of it is read"),
        (ssd(ssd_person=PERSONS + "K1,QQ7,WBRI,2012-05-14\n"), 4, "something differs"),
    ],
)
def test_the_command_says_by_its_exit_code_whether_anything_differs(
    tmp_path: Path, tables: dict[str, Any], code: int, says: str
) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(files.zipped(tables, files.MARCH))
    done = CliRunner().invoke(
        commands, ["contract", "diff", "ssd", str(path)], standalone_mode=False
    )
    assert (done.return_value, says in done.output) == (code, True), done.output
    told = CliRunner().invoke(commands, ["contract", "diff", "ssd", str(path), "--json"])
    assert json.loads(told.output)["is_same"] == (code == 0)


def test_the_command_lists_each_kind_of_difference(tmp_path: Path) -> None:
    text = referrals(6).replace("cine_referral_nfa", "cine_nfa_referral").replace(",2A,", ",9Z,")
    (tmp_path / "referrals.csv").write_text(text.replace("cine_close_reason", "why"))
    done = CliRunner().invoke(
        commands, ["contract", "diff", "ssd", str(tmp_path / "referrals.csv")]
    )
    assert "referrals.csv: ssd_cin_episodes, 6 rows" in done.output
    assert "unknown, not read: " in done.output
    assert "cine_referral_source_code: not in the list: 9Z (6)" in done.output
    assert "Tables that it lacks: ssd_person, " in done.output


def test_an_unknown_extract_is_a_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(commands, ["contract", "diff", "poems", str(tmp_path)])
    assert (done.exit_code, "ssd" in done.output) == (2, True)
