"""Annex A lists: headers and codes as authorities write them, windows that roll, nobody's names.

The example files hold 5, 6 and 5 rows; the figures were counted by hand.
"""

import io
import re
from datetime import date
from pathlib import Path

import duckdb
import intake_files as files
import openpyxl
import pytest
from intake_files import errors, queries

from warehouse import contract as contracts
from warehouse.intake.spellings import spelled

EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "annex_a"
HALF_YEAR = {"period_start": "2026-01-01", "period_end": "2026-06-30"}
CONTACTS = "Child Unique ID,Gender,Date of Birth,Date of Contact,Contact Source\n"
REFERRALS = (
    "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years),Date of referral,"
    "Referral Source,Referral NFA?,Number of Referrals in Last 12 Months,Allocated Team,"
    "Allocated Worker\n"
)
ASSESSMENTS = (
    "Child Unique ID,Gender,Date of Birth,Continuous Assessment Start Date,"
    "Continuous Assessment Date of Authorisation,Allocated Worker\n"
)


def referral(child="K1", day="09/03/2026", source="Police", nfa="No", gender="a) Male"):
    return (
        f"{child},{gender},a) WBRI,14/05/2012,13.82,{day},{source},{nfa},0,CANARYTEAM,CANARYNAME\n"
    )


def lists(*rows, **more):
    return {"list_3.csv": REFERRALS + "".join(rows or (referral(),)), **more}


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the example files are not here")
def test_the_example_lists_are_taken_in_whole(monitor):
    bundle = {path.name: path.read_bytes() for path in sorted(EXAMPLES.glob("*.csv"))}
    outcome = monitor.send(bundle, {"period_start": "2020-08-01", "period_end": "2021-02-28"})
    counts = (outcome.records, outcome.accepted, outcome.quarantined, outcome.duplicates)
    assert (outcome.extract, *counts) == ("annex_a", 16, 16, 0, 0)
    assert monitor.raw("annex_a_contacts", "sex, birth_month, contact_date") == [
        ("F", date(2005, 4, 1), date(2020, 9, 16)),
        ("F", date(2015, 1, 1), date(2020, 9, 16)),
        ("F", None, date(2020, 9, 16)),
        ("M", date(2006, 5, 1), date(2020, 9, 16)),
        ("M", date(2009, 8, 1), date(2020, 9, 16)),
    ]
    referrals = monitor.raw("annex_a_referrals", "source_code, is_no_further_action")
    assert [code for code, _ in referrals] == ["2A", "3D", "6", "6", "6", "8"]
    assert {nfa for _, nfa in referrals} == {False}
    assert monitor.raw("annex_a_assessments", "max(start_date), max(completed_date)") == [
        (date(2020, 2, 26), date(2021, 2, 8))
    ]


@pytest.mark.parametrize("header", [REFERRALS.upper(), REFERRALS.lower().replace(" ", "  ")])
def test_capitals_and_blanks_of_headers_do_not_matter(monitor, header):
    outcome = monitor.send({"a.csv": header + referral()}, HALF_YEAR)
    assert (outcome.accepted, queries(outcome)) == (1, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Police", "6"), ("POLICE ", "6"), ("q) 6: Police", "6"), ("g) Police", "6"), ("6", "6"),
        ("3D: Health services", "3D"), ("3d - health", "3D"), ("d) Health services", "3F"),
        ("A&E", "3E"), ("e) A & E", "3E"), ("Health Visitor", "3B"), ("HV", "3B"),
        ("a) Individual", "1D"), ("1B: Individual", "1B"), ("Individual - Self", "1C"),
        ("Schools", "2A"), ("b) Schools", "2A"), ("Other local authority", "5C"),
        ("Youth Offending Team", "5B"), ("k) Unknown", "10"), ("10", "10"), ("Anon.", "9"),
    ],
)  # fmt: skip
def test_a_source_is_known_by_its_words_or_its_code(written, code):
    assert read_as(written) == code


@pytest.mark.parametrize("written", ["b)", "b", "4. School", "6: Schools", "3", "Zorro", "", "-"])
def test_what_could_mean_two_things_or_nothing_is_not_guessed(written):
    assert read_as(written) is None


def read_as(written):
    column = contracts.load()["annex_a"].tables["list_3"].columns["referral_source"]
    with duckdb.connect() as connection:
        [(code,)] = connection.execute(
            f"select {spelled(column, 'raw')} from (select $1 as raw)", [written]
        ).fetchall()
    return code


def test_every_code_of_the_census_has_words_and_every_spelling_reads_as_its_code():
    column = contracts.load()["annex_a"].tables["list_3"].columns["referral_source"]
    assert set(column.spellings.values()) == set(column.codes)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select raw, {spelled(column, 'raw')} from (select unnest($1::varchar[]) as raw)",
            [[word.upper() for word in column.spellings]],
        ).fetchall()
    assert {word.lower(): code for word, code in found} == column.spellings


def test_an_unknown_spelling_is_counted_by_its_column_and_never_told(monitor):
    rows = [referral(child=f"K{i}") for i in range(40)]
    odd = [referral(child=f"L{i}", source="CANARYSOURCE") for i in range(3)]
    outcome = monitor.send(lists(*rows, *odd), HALF_YEAR)
    [problem] = [one for one in outcome.problems if one.rule == "CODE_UNKNOWN"]
    assert (problem.column, problem.count, problem.line) == ("referral_source", 3, 42)
    assert "CANARY" not in str(problem)
    assert (outcome.accepted, outcome.quarantined) == (40, 3)


@pytest.mark.parametrize(
    ("nfa", "expected"),
    [("Yes", True), ("b) No", False), ("true", True), ("1", True), ("0", False), ("", None)],
)
def test_no_further_action_in_any_of_its_ways(monitor, nfa, expected):
    monitor.send(lists(referral(nfa=nfa)), HALF_YEAR)
    assert monitor.raw("annex_a_referrals", "is_no_further_action") == [(expected,)]


def test_worker_team_ethnicity_and_age_are_never_stored(monitor):
    """Fault 100."""
    rows = [referral(child=f"K{i}") for i in range(20)]
    wrong = referral(child="L1", day="31/02/2026")
    monitor.send(lists(*rows, wrong), HALF_YEAR)
    stored = [*monitor.home.raw.rglob("*.parquet"), *monitor.home.quarantine.rglob("*.parquet")]
    assert len(stored) == 2
    with duckdb.connect() as connection:
        for path in stored:
            text = str(connection.execute("from read_parquet($1)", [str(path)]).fetchall())
            assert "CANARY" not in text
            assert "WBRI" not in text
            assert "13.82" not in text
    assert b"CANARY" not in monitor.home.state_db.read_bytes()


def test_an_unborn_child_has_a_birthday_to_come(monitor):
    row = referral().replace("14/05/2012", "14/05/2027")
    assert monitor.send(lists(row), HALF_YEAR).accepted == 1


def test_an_assessment_still_open_is_kept_and_counts_nowhere_yet(monitor):
    rows = "K1,F,14/05/2012,10/03/2026,,CANARY\nK2,F,14/05/2012,10/03/2026,01/04/2026,CANARY\n"
    outcome = monitor.send(lists(**{"list_4.csv": ASSESSMENTS + rows}), HALF_YEAR)
    assert (outcome.accepted, errors(outcome)) == (3, [])
    assert monitor.raw("annex_a_assessments", "completed_date") == [(date(2026, 4, 1),), (None,)]


def test_authorised_before_it_began_is_refused(monitor):
    rows = [f"K{i},F,14/05/2012,10/03/2026,11/03/2026,X\n" for i in range(20)]
    bad = "L1,F,14/05/2012,10/03/2026,09/03/2026,X\n"
    outcome = monitor.send(lists(**{"list_4.csv": ASSESSMENTS + "".join(rows) + bad}), HALF_YEAR)
    assert errors(outcome) == [("DATE_ORDER", 22, "completed_date")]


def test_contacts_alone_are_not_enough(monitor):
    contact = "K1,F,14/05/2012,09/03/2026,Police\n"
    outcome = monitor.send({"list_1.csv": CONTACTS + contact}, HALF_YEAR)
    assert errors(outcome) == [("MISSING_TABLE", None, None)]


def test_dates_the_american_way_are_refused(monitor):
    rows = [referral(child=f"K{i}", day=f"03/{i + 13}/2026") for i in range(10)]
    outcome = monitor.send(lists(*rows), HALF_YEAR)
    assert outcome.is_refused
    assert [rule for rule, _, _ in errors(outcome)] == ["TOO_MANY_BAD_ROWS", "DATE_INVALID"]
    assert monitor.raw("annex_a_referrals") == []


def test_without_a_manifest_the_window_is_that_of_the_referrals_but_for_a_slip(monitor):
    days = ["02/10/2025", "03/11/2025", "08/01/2026", "30/03/2026", "30/03/2026", "02/10/2025"]
    rows = [referral(child=f"K{i}", day=day) for i, day in enumerate(days)]
    slip = referral(child="L1", day="03/11/2005")
    outcome = monitor.send(lists(*rows, slip), None)
    assert (outcome.period.start, outcome.period.end) == (date(2025, 10, 2), date(2026, 3, 30))
    assert [(q.rule, q.count) for q in queries(outcome)] == [("TOLD_LATE", 1)]


def test_a_window_is_never_longer_than_a_year(monitor):
    days = ["01/02/2019", "02/02/2019", "01/02/2020", "02/04/2025", "01/03/2026"]
    rows = [referral(child=f"K{i}", day=day) for i, day in enumerate(days)]
    outcome = monitor.send(lists(*rows), None)
    assert (outcome.period.start, outcome.period.end) == (date(2025, 4, 2), date(2026, 3, 1))


def workbook(**sheets):
    """Lists as a workbook, their days as Excel dates."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, text in sheets.items():
        sheet = book.create_sheet(title.replace("_", " "))
        for number, line in enumerate(text.splitlines()):
            sheet.append([as_a_day(cell) if number else cell for cell in line.split(",")])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_a_day(cell):
    if re.fullmatch(r"\d\d/\d\d/\d{4}", cell):
        return date(*map(int, reversed(cell.split("/"))))
    return cell or None


def test_a_workbook_gives_what_its_lists_as_text_give(monitor, tmp_path):
    contact = "K1,b) Female,14/05/2012,09/03/2026,q) 6: Police\n"
    assessment = "K1,b) Female,14/05/2012,10/03/2026,01/04/2026,CANARY\n"
    text = {
        "List_1": CONTACTS + contact,
        "List_2": "Child Unique ID,Gender,Date of Birth,Organisation completing assessment\n"
        "K9,b) Female,14/05/2012,CANARY\n",
        "List_3": REFERRALS + referral() + referral(child="K2", source="b) Schools"),
        "List_4": ASSESSMENTS + assessment,
    }
    other = files.monitor(tmp_path / "other")
    outcome = monitor.send({"Annex A.xlsx": workbook(**text)}, HALF_YEAR)
    as_text = other.send({f"{name}.csv": rows for name, rows in text.items()}, HALF_YEAR)
    assert (outcome.records, outcome.accepted, errors(outcome)) == (4, 4, [])
    assert (as_text.records, as_text.accepted) == (4, 4)
    for table in ("annex_a_contacts", "annex_a_referrals", "annex_a_assessments"):
        columns = "* exclude (person_key)"
        assert monitor.raw(table, columns) == other.raw(table, columns)
    assert [query.rule for query in queries(outcome)] == ["UNKNOWN_FILE"]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the example files are not here")
def test_the_example_lists_as_a_workbook_are_taken_in_whole(monitor):
    sheets = {
        f"List_{number}": (EXAMPLES / f"list_{number}.csv").read_text("utf-8-sig")
        for number in (1, 3, 4)
    }
    outcome = monitor.send(
        {"a.xlsx": workbook(**sheets)}, {"period_start": "2020-08-01", "period_end": "2021-02-28"}
    )
    assert (outcome.records, outcome.accepted, outcome.quarantined) == (16, 16, 0)
