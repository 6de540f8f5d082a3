"""Annex A lists: headers and codes as authorities write them, windows that roll, nobody's names.

The example files hold 5, 6 and 5 rows; the figures were counted by hand.
"""

import csv
import io
import re
from datetime import date
from pathlib import Path

import duckdb
import intake_files as files
import openpyxl
import pytest
from intake_files import errors, queries

from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.intake.judge.spellings import spelled
from sightline.warehouse.intake.read import recognise
from sightline.warehouse.ledger import decisions
from sightline.warehouse.submission import Member

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "annex_a"
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

FACTS = Path(__file__).parent / "facts" / "annex_a.csv"
NOT_READ = {
    2: "early help assessments", 5: "section 47 enquiries and initial conferences",
    6: "children in need", 7: "child protection", 8: "children in care", 9: "care leavers",
    10: "children with an adoption decision", 11: "prospective adopters",
}  # fmt: skip
TOPICS = {
    1: "Contacts", 2: "Early Help", 3: "Referrals", 4: "Assessments", 5: "Sec47 and ICPC",
    6: "Children in Need", 7: "Child Protection", 8: "Children in Care", 9: "Care Leavers",
    10: "Adoption", 11: "Adopters",
}  # fmt: skip
PERSON = "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years)"
LOOSE = "Assessment start date,Assessment completion date"

# How a script of the standard dataset heads lists 1, 3 and 4, and one heading or two of others.
SCRIPT = {
    "1_contacts": "ChildUniqueID,Gender,Ethnicity,DateOfBirth,Age,DateOfContact,ContactSource",
    "2_early_help_assessments": "ChildUniqueID,Gender,Ethnicity,DateOfBirth,Age,"
    "AssessmentStartDate,AssessmentCompletionDate,OrganisationCompletingAssessment",
    "3_referrals": "ChildUniqueID,Gender,Ethnicity,DateOfBirth,Age,ReferralDate,ReferralSource,"
    "ReferralNFA,ReferralsLast12Months,AllocatedTeam,AllocatedWorker",
    "4_assessments": "ChildUniqueID,Gender,Ethnicity,DateOfBirth,Age,HasDisability,"
    "ContinuousAssessmentStart,ContinuousAssessmentChildSeen,ContinuousAssessmentAuthDate,"
    "CSCSupportRequired,AllocatedTeam,AllocatedWorker",
    "5_s47_enquiries": "ChildUniqueID,StratDiscussionDate,InitialCPConfDate",
    "6_children_in_need": "ChildUniqueID,CINStartDate,PrimaryNeedCode",
    "7_child_protection": "ChildUniqueID,ChildSeenAlone,DateOfLatestReviewConf",
    "8_children_in_care": "ChildUniqueID,LoookedAfterStartDate,PlacementURN",
    "9_care_leavers": "ChildUniqueID,LAInTouch,LatestContact",
    "10_adoption": "ChildUniqueID,FamilyID,EnteredCareDate,ADMSHOBPADecisionDate",
    "11_adopters": "AdopterID,FamilyID,EnquiryDate,Stage1StartDate",
}


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
    assert (problem.severity, "CANARY" in str(problem)) == ("query", False)
    assert (outcome.accepted, outcome.quarantined) == (43, 0)
    sources = monitor.raw("annex_a_referrals", "source_code")
    assert sources == [("6",)] * 40 + [(None,)] * 3


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


SEPTEMBER = {"period_start": "2026-09-01", "period_end": "2026-09-30"}


def as_a_spreadsheet_turns_them():
    """Referrals of September: days up to the 12th became days of other months, the rest stay."""
    days = [f"09/{d:02}/2026" if d <= 12 else f"{d:02}/09/2026" for d in range(1, 31)]
    return [referral(child=f"K{n}", day=day) for n, day in enumerate(days)]


@pytest.mark.parametrize("is_iso", [False, True])
def test_days_that_a_spreadsheet_turned_in_part_are_refused_by_name(monitor, is_iso):
    sent = "".join(as_a_spreadsheet_turns_them())
    if is_iso:
        sent = re.sub(r"(\d\d)/(\d\d)/(2026)", r"\3-\2-\1", sent)
    outcome = monitor.send(lists(sent), SEPTEMBER)
    assert outcome.is_refused
    assert errors(outcome)[0] == ("DAY_AND_MONTH", None, "referral_date")
    decisions.accept(
        monitor.state, 1, "the sender says that they were told late", date(2026, 10, 7)
    )
    assert not monitor.take_in().outcomes[0].is_refused


@pytest.mark.parametrize(
    "late",
    [["09/08/2026"] * 6, ["01/09/2025", "02/08/2026", "03/08/2026", "20/08/2026", "24/08/2026"]],
    ids=["of one family", "of other days"],
)
def test_what_is_told_late_is_not_taken_for_turned_days(monitor, late):
    days = [*late, *(f"{d:02}/09/2026" for d in range(1, 31))]
    outcome = monitor.send(
        lists(*(referral(child=f"K{n}", day=day) for n, day in enumerate(days))), SEPTEMBER
    )
    assert (outcome.is_refused, outcome.quarantined) == (False, 0)


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
    assert queries(outcome) == queries(as_text) == []
    assert named(outcome) == {"Annex A.xlsx, sheet List 2": "List 2, early help assessments"}
    assert named(as_text) == {"List_2.csv": "List 2, early help assessments"}


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


def template():
    """The headings of each list of the template."""
    found = {}
    with FACTS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["column"] != "Sex":
                found.setdefault(int(row["table"][5:]), []).append(row["column"])
    return found


def filled(header, rows=3):
    """Rows that are right for lists 1, 3 and 4, and hold something in every other column."""
    said = {
        "Gender": "b) Female", "Date of Birth": "14/05/2012", "Contact Source": "q) 6: Police",
        "Referral Source": "Police", "Referral NFA?": "No", "Age of Child (Years)": "6.138",
        "Primary Need Code": "N1 - Abuse or Neglect", "Date of Contact": "09/03/2026",
        "Date of referral": "09/03/2026", "Continuous Assessment Start Date": "09/03/2026",
        "Assessment start date": "09/03/2026", "Assessment completion date": "20/03/2026",
        "Continuous Assessment Date of Authorisation": "20/03/2026",
    }  # fmt: skip
    return [
        [f"K{row}" if one == "Child Unique ID" else said.get(one, "CANARY") for one in header]
        for row in range(rows)
    ]


def eleven():
    return {number: [header, *filled(header)] for number, header in template().items()}


def as_csv(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def as_workbook(sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def named(outcome):
    """The tables that are named as not read, by file or sheet."""
    return {
        one.file: re.match("it is (.*): not used here", one.message)[1]
        for one in outcome.problems
        if (one.rule, one.severity) == ("TABLE_NOT_READ", "note")
    }


def test_a_template_has_eleven_lists():
    assert {number: len(header) for number, header in template().items()} == {
        1: 7, 2: 8, 3: 11, 4: 12, 5: 14, 6: 14, 7: 17, 8: 34, 9: 17, 10: 16, 11: 19
    }  # fmt: skip


@pytest.mark.parametrize(
    ("title", "is_backwards"),
    [
        (lambda number: f"List {number}", False),
        (lambda number: f"List_{number}", True),
        (lambda number: f" LIST {number:02} ", False),
        (lambda number: TOPICS[number], True),
        (lambda number: f"Sheet{12 - number}", False),
    ],
    ids=["blanks", "underscores", "capitals", "topics", "no name"],
)
def test_the_usual_workbook_is_taken_in_and_the_rest_is_named(monitor, title, is_backwards):
    order = sorted(eleven().items(), reverse=is_backwards)
    sheets = {
        "Cover": [["Annex A"], ["Prepared for the inspection"]],
        **{title(number): rows for number, rows in order},
        "Validation": [["Gender", "Yes or no"], ["a) Male", "Yes"], ["b) Female", "No"]],
        "Pivot": [["Row Labels", "Count of Child Unique ID"], ["Police", 3]],
    }
    outcome = monitor.send({"Annex A.xlsx": as_workbook(sheets)}, HALF_YEAR)
    assert (outcome.records, outcome.accepted, errors(outcome)) == (9, 9, [])
    assert named(outcome) == {
        f"Annex A.xlsx, sheet {title(number)}": f"List {number}, {topic}"
        for number, topic in NOT_READ.items()
    }
    left = {one.file for one in queries(outcome) if one.rule == "UNKNOWN_FILE"}
    assert left == {f"Annex A.xlsx, sheet {one}" for one in ("Cover", "Validation", "Pivot")}
    assert len(monitor.raw("annex_a_assessments")) == 3


def test_eleven_files_as_a_report_server_writes_them(monitor):
    texts = {
        f"list{number}.csv": as_csv([[one.replace(" ", "_") for one in header], *rows])
        for number, (header, *rows) in eleven().items()
    }
    outcome = monitor.send(texts, HALF_YEAR)
    assert (outcome.records, outcome.accepted, errors(outcome)) == (9, 9, [])
    assert named(outcome) == {
        f"list{number}.csv": f"List {number}, {topic}" for number, topic in NOT_READ.items()
    }


def test_the_lists_of_the_standard_datasets_script_are_told_by_its_headings():
    for name, header in SCRIPT.items():
        number = int(name.split("_")[0])
        found = recognise.match(header.split(","))
        if number in NOT_READ:
            assert recognise.unread(headed(header)) == f"List {number}, {NOT_READ[number]}"
        else:
            assert found == (contracts.load()["annex_a"], f"list_{number}")


def headed(header, name="data.csv"):
    text = f"{header}\n".encode()
    return Member(name, "text", text, lambda: io.BytesIO(text))


def test_nothing_of_a_list_that_is_not_read_is_kept(monitor):
    texts = {f"{number}.csv": as_csv(rows) for number, rows in eleven().items()}
    assert not monitor.send(texts, HALF_YEAR).is_refused
    assert b"CANARY" not in monitor.home.state_db.read_bytes()
    with duckdb.connect() as connection:
        for path in monitor.home.raw.rglob("*.parquet"):
            text = str(connection.execute("from read_parquet($1)", [str(path)]).fetchall())
            assert "CANARY" not in text


def test_a_sheet_by_the_name_of_a_list_is_that_list_though_it_holds_a_remark(monitor):
    sheets = {"List 3": eleven()[3], "List 7": [["Nothing to report"]], "Notes": [["Nothing"]]}
    outcome = monitor.send({"a.xlsx": as_workbook(sheets)}, HALF_YEAR)
    assert named(outcome) == {"a.xlsx, sheet List 7": "List 7, child protection"}
    left = [one.file for one in queries(outcome) if one.rule == "UNKNOWN_FILE"]
    assert left == ["a.xlsx, sheet Notes"]


@pytest.mark.parametrize("number", sorted(NOT_READ))
def test_a_list_that_is_not_read_is_no_return_by_itself(monitor, number):
    outcome = monitor.send({"a.csv": as_csv(eleven()[number])}, HALF_YEAR)
    [problem] = outcome.problems
    assert (problem.rule, problem.severity) == ("TABLE_NOT_READ", "error")
    assert f"List {number}, {NOT_READ[number]}" in problem.message


def loose(*more):
    """A list of assessments by the headings that early help and social care share."""
    header = ",".join([PERSON, LOOSE, *more]).split(",")
    return as_csv([header, *filled(header)])


@pytest.mark.parametrize(
    ("file", "more", "is_assessments"),
    [
        ("List 4.csv", (), True),
        ("List_4.csv", ("Allocated Worker",), True),
        ("annex_a_list4_2026-03.csv", (), True),
        ("Single Assessments.csv", (), True),
        ("data.csv", ("Child Seen During Continuous Assessment",), True),
        ("List 4 - Assessments.csv", (), True),
        ("List 2.csv", (), False),
        ("List 2 Assessments.csv", (), False),
        ("List 2 - Early Help Assessments.csv", (), False),
        ("list_02.csv", ("Allocated Worker", "Does the Child have a Disability"), False),
        ("Early Help.csv", (), False),
        ("EarlyHelpAssessments.csv", (), False),
        ("EHA March.csv", (), False),
        ("data.csv", ("Organisation completing assessment",), False),
        ("List 4.csv", ("Organisation completing assessment",), False),
        ("Assessments.csv", ("Organisation completing assessment", "Allocated Worker"), False),
    ],
)
def test_headings_that_two_lists_share_are_told_by_the_rest_or_the_name(file, more, is_assessments):
    header = ",".join([PERSON, LOOSE, *more])
    found = recognise.match(header.split(","), file.removesuffix(".csv"))
    assert found == ((contracts.load()["annex_a"], "list_4") if is_assessments else None)
    told = recognise.unread(headed(header, file))
    assert told == (None if is_assessments else "List 2, early help assessments")


@pytest.mark.parametrize("is_first", [True, False])
def test_lists_2_and_4_by_the_headings_they_share_side_by_side(monitor, is_first):
    names = ("1. List 2.csv", "2. List 4.csv") if is_first else ("2. List 2.csv", "1. List 4.csv")
    outcome = monitor.send(lists(**dict.fromkeys(names, loose())), HALF_YEAR)
    assert errors(outcome) == []
    assert list(named(outcome)) == [names[0]]
    assert len(monitor.raw("annex_a_assessments")) == 3


@pytest.mark.parametrize("file", ["data.csv", "List 40.csv", "List 2 and List 4.csv"])
def test_what_neither_headings_nor_name_tell_is_asked_about(monitor, file):
    outcome = monitor.send(lists(**{file: loose()}), HALF_YEAR)
    [problem] = [one for one in outcome.problems if one.severity == "error"]
    assert (problem.rule, problem.file) == ("AMBIGUOUS_TABLE", file)
    assert "List 4, assessments" in problem.message
    assert "List 2, early help assessments" in problem.message
    assert outcome.extract == "annex_a"


@pytest.mark.parametrize("sheet", ["Early Help", "Early Help Assessments", "EHA"])
def test_early_help_in_a_name_is_never_an_assessment_of_social_care(monitor, sheet):
    sheets = {"List 3": eleven()[3], sheet: eleven()[4]}
    outcome = monitor.send({"a.xlsx": as_workbook(sheets)}, HALF_YEAR)
    assert [rule for rule, *_ in errors(outcome)] == ["AMBIGUOUS_TABLE"]
    assert monitor.raw("annex_a_assessments") == []


def test_a_list_that_lacks_one_heading_is_named_with_it(monitor):
    header, *rows = eleven()[4]
    place = header.index("Continuous Assessment Date of Authorisation")
    cut = as_csv([one[:place] + one[place + 1 :] for one in (header, *rows)])
    outcome = monitor.send(lists(**{"x.csv": cut}), HALF_YEAR)
    assert errors(outcome) == [("MISSING_COLUMN", 1, "completed_date")]
    assert "annex_a, table list_4" in outcome.problems[0].message


def test_the_number_of_a_child_has_many_headings():
    for heading in (
        "Child ID", "child identifier", "ID of Child", "Unique Child ID", "Child\u2019s Unique ID",
        "CHILD_UNIQUE_ID", "ChildUniqueID", "Child-Unique-ID", "Child Unique Identifier",
    ):  # fmt: skip
        header = REFERRALS.strip().replace("Child Unique ID", heading)
        assert recognise.match(header.split(","))[1] == "list_3", heading


def test_common_headings_mean_the_official_one(monitor):
    header = REFERRALS
    for official, heading in (
        ("Date of Birth", "Date of Birth (or Expected Date of Birth)"), ("Gender", "Sex"),
        ("Date of referral", "Date_referral_received"), ("Referral Source", "source of referral"),
        ("Referral NFA?", "\u201cReferral NFA\u201d (Y/N)?"),
    ):  # fmt: skip
        header = header.replace(official, heading)
    outcome = monitor.send({"a.csv": header + referral()}, HALF_YEAR)
    assert (outcome.accepted, queries(outcome)) == (1, [])
    wanted = "sex, birth_month, referral_date, source_code, is_no_further_action"
    assert monitor.raw("annex_a_referrals", wanted) == [
        ("M", date(2012, 5, 1), date(2026, 3, 9), "6", False)
    ]


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_headings_for_one_column_that_of_the_template_is_read(monitor, is_first):
    both = ("Gender", "Sex") if is_first else ("Sex", "Gender")
    values = {"Gender": "b) Female", "Sex": "a) Male"}
    header = REFERRALS.strip().replace("Gender", ",".join(both))
    row = referral(gender=",".join(values[one] for one in both))
    outcome = monitor.send({"a.csv": f"{header}\n{row}"}, HALF_YEAR)
    assert monitor.raw("annex_a_referrals", "sex") == [("F",)]
    assert [one.rule for one in queries(outcome)] == ["UNKNOWN_COLUMN"]


@pytest.mark.parametrize("nothing", ["-", " -- ", "n/a", "NULL"])
def test_a_dash_is_nothing_beside_the_event_and_no_day(monitor, nothing):
    contact = f"K1,{nothing},{nothing},09/03/2026,Police\n"
    row = referral(gender=nothing, nfa=nothing).replace("14/05/2012", nothing)
    assessment = f"K1,{nothing},{nothing},10/03/2026,{nothing},X\n"
    outcome = monitor.send(
        {
            "list_1.csv": CONTACTS + contact,
            "list_3.csv": REFERRALS + row,
            "list_4.csv": ASSESSMENTS + assessment,
        },
        HALF_YEAR,
    )
    assert (outcome.accepted, errors(outcome), queries(outcome)) == (3, [], [])
    assert monitor.raw("annex_a_assessments", "start_date, completed_date") == [
        (date(2026, 3, 10), None)
    ]
    assert monitor.raw("annex_a_referrals", "sex, birth_month, is_no_further_action") == [
        (None, None, None)
    ]


@pytest.mark.parametrize("source", ["-", "", "CANARYSOURCE"])
def test_a_contact_or_referral_counts_whoever_made_it(monitor, source):
    contact = f"K1,F,14/05/2012,09/03/2026,{source}\n"
    outcome = monitor.send(
        lists(referral(source=source), **{"list_1.csv": CONTACTS + contact}), HALF_YEAR
    )
    assert (outcome.accepted, outcome.quarantined, errors(outcome)) == (2, 0, [])
    asked = {(one.column, one.rule) for one in queries(outcome)}
    rule = "CODE_UNKNOWN" if "CANARY" in source else "REQUIRED_MISSING"
    assert asked == {("contact_source", rule), ("referral_source", rule)}
    assert len(monitor.raw("annex_a_contacts")) == len(monitor.raw("annex_a_referrals")) == 1


def test_sexes_written_in_two_ways_are_one(monitor):
    rows = [referral("K1", gender="Female"), referral("K2", gender="b) Female")]
    monitor.send(lists(*rows), HALF_YEAR)
    assert monitor.raw("annex_a_referrals", "sex") == [("F",), ("F",)]
