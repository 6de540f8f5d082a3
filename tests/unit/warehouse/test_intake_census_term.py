"""The census that a school census is of: its table of schools, the manifest or the files' names."""

from datetime import date
from pathlib import Path
from typing import Any

import intake_files as files
import pytest
from intake_files import Monitor, errors, queries, rules, upn
from openpyxl import Workbook

pytestmark = pytest.mark.slow

SCHOOLS = "schoolcensustableid,lea,year,term\nC1,{lea},{year},{term}\n"
PUPILS = f"pupilonrolltableid,upn,dob,sex\nP1,{upn(1)},2012-May-14 00:00:00,F\n"
EXCLUSIONS = (
    "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,reason1\n"
    "P1,E1,{day} 00:00:00,2.0,SUSP,DB\n"
)
AUTUMN = {"period_start": "2024-09-01", "period_end": "2024-12-31"}
TOLD_OF = {"period_start": "2024-01-01", "period_end": "2024-08-31"}
SPRING = {"period_start": "2025-01-01", "period_end": "2025-03-31"}
SCHOOL_YEAR = {"period_start": "2024-09-01", "period_end": "2025-08-31"}
CENSUS_DAY = {"period_start": "2025-01-16", "period_end": "2025-01-16"}


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return files.monitor(tmp_path / "monitor")


def tables(term: str, schools: str = "", pupils_of: str = "") -> dict[str, str]:
    """A pupil suspended on 3 June 2024, in files named by a term."""
    held = {
        f"{pupils_of or term}_pupilonroll.csv": PUPILS,
        f"{term}_termlyexclusionsonroll.csv": EXCLUSIONS.format(day="2024-Jun-03"),
    }
    return held | ({f"{term}_schoolcensus.csv": schools} if schools else {})


@pytest.mark.parametrize(
    ("term", "starts"),
    [
        ("2024_autumn", date(2024, 9, 1)),
        ("2025_spring", date(2025, 1, 1)),
        ("2024_summer", date(2024, 4, 1)),
        ("2024_Autumn", date(2024, 9, 1)),
        ("2024 AUTUMN", date(2024, 9, 1)),
        ("301_2024-autumn", date(2024, 9, 1)),
        ("2024_autumn_acad", date(2024, 9, 1)),
    ],
)
def test_names_of_files_tell_the_census_where_nothing_else_does(
    monitor: Monitor, term: str, starts: date
) -> None:
    outcome = monitor.send(tables(term), None)
    assert outcome.period is not None
    assert (outcome.period.start, errors(outcome)) == (starts, [])


@pytest.mark.parametrize("term", ["", "autumn", "2024", "12024_autumn", "2024_autumnal"])
def test_other_names_tell_no_census(monitor: Monitor, term: str) -> None:
    assert rules(monitor.send(tables(term), None)) == ["PERIOD_UNKNOWN"]


def test_names_of_files_in_a_folder_tell_the_census(monitor: Monitor) -> None:
    for name, text in tables("2024_autumn").items():
        monitor.drop(f"census/{name}", text)
    [outcome] = monitor.take_in().outcomes
    assert outcome.period is not None
    assert outcome.period.start == date(2024, 9, 1)


def test_the_name_of_a_workbook_tells_the_census(monitor: Monitor) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, text in enumerate(tables("x").values()):
        sheet = book.create_sheet(f"table {number}")
        for row in text.splitlines():
            sheet.append(row.split(","))
    path = monitor.home.inbox / "301" / "2024_autumn_census.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    [outcome] = monitor.take_in().outcomes
    assert outcome.period is not None
    assert outcome.period.start == date(2024, 9, 1)


def test_names_of_files_that_differ_are_refused_by_name(monitor: Monitor) -> None:
    outcome = monitor.send(tables("2024_autumn", pupils_of="2025_spring"), None)
    [problem] = [one for one in outcome.problems if one.severity == "error"]
    assert (problem.rule, outcome.is_refused) == ("PERIOD_DIFFERS", True)
    assert problem.file is not None
    assert problem.file.endswith("_pupilonroll.csv")


@pytest.mark.parametrize("stated", [AUTUMN, TOLD_OF])
def test_a_manifest_of_the_terms_days_wins_over_names_and_its_sender_is_asked(
    monitor: Monitor, stated: Any
) -> None:
    outcome = monitor.send(tables("2025_spring"), stated)
    assert outcome.period is not None
    assert (outcome.period.start, errors(outcome)) == (date(2024, 9, 1), [])
    assert [one.rule for one in queries(outcome)] == ["PERIOD_DIFFERS"]


@pytest.mark.parametrize("stated", [CENSUS_DAY, SPRING])
def test_a_manifest_that_agrees_with_names_is_no_question(monitor: Monitor, stated: Any) -> None:
    outcome = monitor.send(tables("2025_spring"), stated)
    assert outcome.period is not None
    assert outcome.period.start == date(2025, 1, 1)
    assert (errors(outcome), queries(outcome)) == ([], [])


def test_a_manifest_of_other_days_that_contradicts_names_is_refused(monitor: Monitor) -> None:
    assert rules(monitor.send(tables("2025_spring"), SCHOOL_YEAR)) == ["PERIOD_DIFFERS"]


@pytest.mark.parametrize(
    ("names", "stated", "rule"),
    [
        ("2025_spring", None, "PERIOD_DIFFERS"),
        ("x", SPRING, "PERIOD_DIFFERS"),
        ("2025_spring", SPRING, "PERIOD_DIFFERS"),
        ("2024_autumn", AUTUMN, None),
        ("2024_autumn", SCHOOL_YEAR, None),
        ("x", CENSUS_DAY, None),
    ],
)
@pytest.mark.parametrize("year", ["2024", "2024.0"])
def test_what_contradicts_the_table_of_schools_is_refused(
    monitor: Monitor, names: str, stated: Any, rule: str | None, year: str
) -> None:
    schools = SCHOOLS.format(lea="301", year=year, term="Autumn")
    outcome = monitor.send(tables(names, schools), stated)
    assert [one for one, _, _ in errors(outcome)] == ([rule] if rule else [])


def test_a_single_file_is_of_the_census_that_its_name_tells(monitor: Monitor) -> None:
    monitor.drop("2024_autumn_pupilonroll.csv", PUPILS)
    [outcome] = monitor.take_in().outcomes
    assert outcome.period is not None
    assert outcome.period.start == date(2024, 9, 1)
