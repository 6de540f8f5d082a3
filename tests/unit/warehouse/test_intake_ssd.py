"""The standard safeguarding dataset as the scripts for each case system write it."""

import io
import json
import zipfile
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from intake_files import MARCH, Monitor, errors, monitor, queries, rules, upn, zipped
from ssd_systems import SYSTEMS, Child, eclipse, mosaic, plain, systemc

from sightline.senders.validate import validate
from sightline.warehouse.calendar import Span
from sightline.warehouse.erasure.redaction import contents_of, records_of, without
from sightline.warehouse.intake.judge.profiles import outside_share
from sightline.warehouse.submission import Pending

pytestmark = pytest.mark.slow

CHILDREN = [
    Child(1, "2026-03-02", "2026-03-03", "2026-03-20", ("13A", "24A"), closed="2026-03-25"),
    Child(2, "2026-03-05", "2026-03-06", "2026-03-30", ("1A", "3B"), sex="M"),
    Child(3, "2026-03-09", "2026-03-10", None, source="10"),
    Child(4, "2026-03-16", "2026-03-17", "2026-03-31", ("21",), sex="U"),
    Child(5, "2026-03-23", source="3C", is_linked=True),
]  # fmt: skip


@pytest.fixture
def held(tmp_path: Path) -> Monitor:
    return monitor(tmp_path / "monitor")


def of_assessments(held: Monitor) -> list[tuple[str, str]]:
    """The factors of each assessment, by the day on which it was completed."""
    day = dict(held.raw("ssd_assessments", "assessment_key, completed_date"))
    told = held.raw("ssd_factors", "assessment_key, factor_code")
    return sorted((str(day[key]), code) for key, code in told if key in day)


def kept(held: Monitor) -> bytes:
    """All that lies among the accepted rows."""
    return b"".join(path.read_bytes() for path in held.home.raw.rglob("*.parquet"))


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_case_system_tells_the_same(held, system):
    outcome = held.send(SYSTEMS[system](CHILDREN), MARCH)
    assert errors(outcome) == []
    assert not outcome.is_refused
    assert len(held.raw("ssd_persons")) == len(CHILDREN)
    days = held.raw("ssd_referrals", "referral_date, source_code, is_no_further_action")
    assert [(str(day), source, nfa) for day, source, nfa in days] == [
        (one.referred, one.source, False) for one in CHILDREN
    ]
    completed = held.raw("ssd_assessments", "completed_date")
    assert [str(day) for (day,) in completed] == ["2026-03-20", "2026-03-30", "2026-03-31", "None"]
    assert of_assessments(held) == [
        ("2026-03-20", "13A"), ("2026-03-20", "24A"), ("2026-03-30", "1A"),
        ("2026-03-30", "3B"), ("2026-03-31", "21"),
    ]  # fmt: skip
    sexes = Counter(sex for (sex,) in held.raw("ssd_persons", "coalesce(sex, 'U')"))
    assert sexes == {"F": 3, "M": 1, "U": 1}
    asked = {one.rule for one in queries(outcome)}
    assert asked.isdisjoint({"PARENT_MISSING", "FACTORS_MISSING", "UPN_INVALID", "CODE_UNKNOWN"})


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_child_has_the_pupil_number(held, system):
    held.send(SYSTEMS[system](CHILDREN), MARCH)
    recorded = {key for (key,) in held.raw("ssd_persons", "upn_key") if key}
    listed = {key for (key,) in held.raw("ssd_identifiers", "upn_key") if key}
    assert len(recorded | listed) == len(CHILDREN)
    # Eclipse puts the number where the reason for having none belongs, and lists none.
    assert len(recorded) == (5 if system in ("plain", "eclipse") else 4)


@pytest.mark.parametrize(("system", "kinds"), [("systemc", 10), ("mosaic", 1), ("eclipse", 0)])
def test_other_kinds_of_identifier_are_passed_over(held, system, kinds):
    outcome = held.send(SYSTEMS[system](CHILDREN), MARCH)
    assert len(held.raw("ssd_identifiers")) == kinds
    assert outcome.quarantined == 0


@pytest.mark.parametrize(
    ("kind", "is_former"),
    [
        ("UPN Number", False), ("upn no.", False), ("Pupil Number", False), ("UPN ", False),
        ("Unique Pupil Number (UPN)", False), ("Current UPN", False), ("UPN (former)", True),
        ("Previous UPN", True), ("Former Pupil Number", True), ("UPN - Old", True),
    ],
)  # fmt: skip
def test_a_pupil_number_is_known_by_the_words_that_are_common(held, kind, is_former):
    written = "Former Unique Pupil Number" if is_former else "Unique Pupil Number"
    tables = systemc(CHILDREN)
    links = tables["ssd_linked_identifiers.csv"].splitlines()
    tables["ssd_linked_identifiers.csv"] = "\n".join(
        line.replace(f",{written},", f",{kind},") for line in links
    )
    held.send(tables, MARCH)
    kinds = Counter(former for (former,) in held.raw("ssd_identifiers", "is_former"))
    assert kinds == {False: 5, True: 5}


def test_no_name_or_other_number_of_a_child_is_kept(held):
    held.send(systemc(CHILDREN), MARCH)
    assert not [text for text in (b"Given", b"Family", b"9400000001") if text in kept(held)]


def test_siblings_on_one_form_each_have_their_factors(held):
    """Eclipse gives the form's number for each of them."""
    tables = eclipse([*CHILDREN[:2], Child(6, "2026-03-02", "2026-03-03", "2026-03-27", ("13A",))])
    shared = tables["ssd_assessment_factors.csv"].replace(",70006,", ",70001,")
    tables["ssd_assessment_factors.csv"] = shared
    outcome = held.send(tables, MARCH)
    assert "OTHER_KEY" in rules(outcome)
    told = of_assessments(held)
    assert ("2026-03-27", "13A") in told
    assert ("2026-03-20", "13A") in told
    assert len(told) == 5


def test_several_rows_of_one_assessment_are_read_together(held):
    tables = mosaic(CHILDREN[:2])
    tables["ssd_assessment_factors.csv"] += ',70002,"[""12A""]"\n'
    assert errors(held.send(tables, MARCH)) == []
    codes = [code for day, code in of_assessments(held) if day == "2026-03-30"]
    assert codes == ["12A", "1A", "3B"]


def test_numbers_of_two_kinds_never_mix(held):
    """The row's own number of one assessment may be the assessment's number of another."""
    tables = plain(CHILDREN)
    tables["ssd_assessment_factors.csv"] = (
        "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json\n"
        '70004,70001,"[""13A""]"\n80002,70002,"[""1A""]"\n80004,70004,"[""21""]"\n'
    )
    held.send(tables, MARCH)
    assert of_assessments(held) == [
        ("2026-03-20", "13A"), ("2026-03-30", "1A"), ("2026-03-31", "21"),
    ]  # fmt: skip


MORE = [
    Child(n, "2026-03-02", "2026-03-03", f"2026-03-{n:02}", ("13A",) if n % 3 else ("24A",))
    for n in range(10, 19)
]


def in_two_ways(tables: dict[str, str], first: int) -> dict[str, str]:
    """As written by two versions of a script: of some factors the assessment's number stands in
    the second column, of others in the first."""
    rows = [
        f'9{one.form},{one.form},"[""{one.factors[0]}""]"'
        if place < first
        else f'{one.form},9{one.form},"[""{one.factors[0]}""]"'
        for place, one in enumerate(MORE)
    ]
    head = "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json"
    return tables | {"ssd_assessment_factors.csv": "\n".join([head, *rows, ""])}


@pytest.mark.parametrize(("first", "others"), [(9, 0), (6, 3), (3, 3), (0, 0)])
def test_rows_that_fit_in_another_way_alone_are_read_by_it(held, first, others):
    outcome = held.send(in_two_ways(plain(MORE), first), MARCH)
    assert of_assessments(held) == [(one.completed, one.factors[0]) for one in MORE]
    assert "PARENT_MISSING" not in rules(outcome)
    notes = [one for one in outcome.problems if one.rule == "OTHER_KEY"]
    assert [one.count for one in notes if "no row by" in one.message] == [others] * bool(others)


def test_an_assessment_that_has_its_factors_takes_none_of_a_row_that_fits_by_chance(held):
    tables = in_two_ways(plain(MORE), 9)
    tables["ssd_assessment_factors.csv"] += f'{MORE[0].form},123,"[""8B""]"\n'
    assert "PARENT_MISSING" in rules(held.send(tables, MARCH))
    assert "8B" not in {code for _, code in of_assessments(held)}


def test_where_hardly_any_row_fits_those_that_fit_in_another_way_are_left(held):
    tables = in_two_ways(plain(MORE), 3)
    rows = tables["ssd_assessment_factors.csv"].splitlines()[:5]
    strange = [f'8{n},9{n},"[""8B""]"' for n in range(20)]
    tables["ssd_assessment_factors.csv"] = "\n".join([*rows, *strange, ""])
    held.send(tables, MARCH)
    assert len(of_assessments(held)) == 3


def test_where_both_columns_fit_alike_the_first_decides(held):
    tables = plain(CHILDREN)
    tables["ssd_assessment_factors.csv"] = (
        "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json\n"
        '70002,70001,"[""13A""]"\n70001,70002,"[""1A""]"\n'
    )
    assert "OTHER_KEY" not in rules(held.send(tables, MARCH))
    assert of_assessments(held) == [("2026-03-20", "13A"), ("2026-03-30", "1A")]


def test_a_row_without_the_other_number_keeps_its_own(held):
    tables = eclipse(CHILDREN)
    tables["ssd_assessment_factors.csv"] += ',370003,"[""12A""]"\n'
    assert "OTHER_KEY" in rules(held.send(tables, MARCH))
    assert ("None", "12A") in of_assessments(held)


def test_a_row_of_which_neither_number_is_known_keeps_one_to_be_found_by(held):
    tables = eclipse(CHILDREN)
    tables["ssd_assessment_factors.csv"] += ',999999,"[""12A""]"\n'
    held.send(tables, MARCH)
    [key] = [
        key for key, code in held.raw("ssd_factors", "assessment_key, factor_code") if code == "12A"
    ]
    assert key is not None


def joined(children: list[Child]) -> dict[str, str]:
    """As a script for Mosaic has it: child and step joined in assessments, the step in factors."""
    tables = mosaic(children)
    for one in children:
        whole = f"{one.number}{one.form},{one.number}"
        table = tables["ssd_cin_assessments.csv"].replace(
            f"\n{one.form},{one.number}", f"\n{whole}"
        )
        tables["ssd_cin_assessments.csv"] = table
    return tables


def test_factors_that_name_the_step_alone_find_the_child_s_assessment(held):
    outcome = held.send(joined(CHILDREN), MARCH)
    assert ("OTHER_KEY", "note") in {(one.rule, one.severity) for one in outcome.problems}
    assert len(of_assessments(held)) == 5
    assert {"PARENT_MISSING", "FACTORS_MISSING"}.isdisjoint(rules(outcome))


def test_a_step_that_several_children_share_is_asked_about(held):
    tables = joined(CHILDREN[:2])
    both = tables["ssd_cin_assessments.csv"].replace("270002,2", "270001,2")
    tables["ssd_cin_assessments.csv"] = both
    more = joined([Child(n, "2026-03-02", "2026-03-03", "2026-03-27", ("1A",)) for n in (7, 8)])
    for name in ("ssd_person", "ssd_cin_episodes", "ssd_cin_assessments", "ssd_assessment_factors"):
        tables[f"{name}.csv"] += more[f"{name}.csv"].partition("\n")[2]
    outcome = held.send(tables, MARCH)
    assert of_assessments(held) == [("2026-03-27", "1A"), ("2026-03-27", "1A")]
    assert {one.rule: one.count for one in queries(outcome)}["PARENT_MISSING"] == 2


def test_factors_that_fit_no_assessment_are_asked_about(held):
    outcome = held.send(systemc(CHILDREN, is_before_1_4=True), MARCH)
    assert errors(outcome) == []
    asked = {one.rule: one.count for one in queries(outcome)}
    assert (asked["PARENT_MISSING"], asked["FACTORS_MISSING"]) == (3, 3)


def test_a_case_system_without_days_of_closure_tells_nothing_of_closures(held):
    held.send(mosaic(CHILDREN), MARCH)
    assert {told for (told,) in held.raw("ssd_referrals", "tells_closure")} == {False}


def test_one_with_days_of_closure_tells_of_them_though_all_are_open(held):
    held.send(plain(CHILDREN[1:]), MARCH)
    assert {told for (told,) in held.raw("ssd_referrals", "tells_closure")} == {True}


def test_no_list_of_identifiers_is_needed(held):
    tables = plain(CHILDREN)
    assert "ssd_linked_identifiers.csv" not in tables
    assert held.send(tables, MARCH).accepted == 5 + 5 + 4 + 3


@pytest.mark.parametrize("written", ["UN4", "un10", "NULL", ""])
def test_a_reason_in_place_of_the_number_is_no_number(held, written):
    tables = plain(CHILDREN)
    tables["ssd_person.csv"] = tables["ssd_person.csv"].replace(upn(2), written)
    outcome = held.send(tables, MARCH)
    assert "UPN_INVALID" not in rules(outcome)
    assert len([key for (key,) in held.raw("ssd_persons", "upn_key") if key]) == 4


def test_an_unknown_factor_takes_no_known_one_away(held):
    tables = plain(CHILDREN[:1])
    listed = json.dumps(["13A", "99Z", None]).replace('"', '""')
    tables["ssd_assessment_factors.csv"] = (
        f'cinf_assessment_id,cinf_assessment_factors_json\n70001,"{listed}"\n'
    )
    outcome = held.send(tables, MARCH)
    assert held.raw("ssd_factors", "factor_code") == [("13A",)]
    assert "CODE_UNKNOWN" in {one.rule for one in queries(outcome)}


def test_a_return_of_which_no_factor_fits_would_be_held(tmp_path):
    """As SystemC writes it to version 1.3; from 1.4 on it is taken in."""
    many = [Child(n, "2026-03-02", "2026-03-03", "2026-03-20", ("13A",)) for n in range(1, 21)]
    for is_before in (True, False):
        bundle = tmp_path / f"{is_before}.zip"
        bundle.write_bytes(zipped(systemc(many, is_before_1_4=is_before), MARCH))
        [verdict] = validate([bundle], "301")
        assert verdict.is_accepted
        assert bool(verdict.held and "SystemC" in verdict.held) is is_before


def test_shares_of_what_belongs_to_rows_are_counted(held):
    profile = held.send(systemc(CHILDREN), MARCH).profile
    assert {table: one["beside"] for table, one in profile.items() if "beside" in one} == {
        "ssd_person": {"pupil_numbers": [5, 5]},
        "ssd_cin_episodes": {"persons": [5, 5], "assessments": [4, 5]},
        "ssd_cin_assessments": {"factors": [3, 3]},
    }


def snapshot(first: int = 2020, last: int = 2026) -> list[Child]:
    """A referral a month from October of a year to September of another, each assessed."""
    months = [(year, month) for year in range(first, last + 1) for month in range(1, 13)]
    within = [one for one in months if (first, 10) <= one <= (last, 9)]
    return [
        Child(n, f"{y}-{m:02}-02", f"{y}-{m:02}-03", f"{y}-{m:02}-30" if m != 2 else f"{y}-02-28",
              ("1A",), closed=f"{y}-{m:02}-28")
        for n, (y, m) in enumerate(within, 1)
    ]  # fmt: skip


def test_a_snapshot_without_manifest_speaks_from_its_first_month_to_its_last(held):
    old = [Child(100 + n, f"{2008 + n}-05-01", born="2004-05-14") for n in range(9)]
    outcome = held.send(systemc([*old, *snapshot()]), None)
    assert outcome.period == Span(date(2020, 10, 1), date(2026, 9, 30))


def test_a_snapshot_holds_its_first_weeks_however_many_events_follow(held):
    """As many as a small authority has: a hundredth of them is the first three weeks."""
    often = [
        Child(9 * one.number + n, one.referred, one.started, one.completed)
        for one in snapshot()
        for n in range(9)
    ]
    assert held.send(plain(often), None).period == Span(date(2020, 10, 1), date(2026, 9, 30))


def test_a_month_without_manifest_is_that_month_though_some_is_told_late(held):
    late = [Child(100 + n, f"2026-02-{20 + n}", closed="2026-03-04") for n in range(2)]
    outcome = held.send(plain([*CHILDREN, *late]), None)
    assert outcome.period == Span(date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("day", "end"), [("2026-09-26", "2026-09-26"), ("2026-09-27", "2026-09-30")]
)
def test_a_snapshot_holds_the_quiet_days_before_the_end_of_a_month(held, day, end):
    *older, newest = snapshot()
    last = [Child(newest.number, newest.referred, newest.started, day)]
    assert str(held.send(plain([*older, *last]), None).period.end) == end


def test_a_snapshot_that_ends_within_a_month_begins_within_one(held):
    """Its script counts six years back from the day on which it runs."""
    *older, newest = snapshot()
    last = [Child(newest.number, newest.referred, newest.started, "2026-09-20")]
    outcome = held.send(plain([*older, *last]), None)
    assert outcome.period == Span(date(2020, 10, 2), date(2026, 9, 20))


def test_what_is_still_open_from_before_a_snapshot_is_not_told_late(held):
    """SystemC keeps referrals of six years, and older ones that are open."""
    window = {"period_start": "2020-10-01", "period_end": "2026-09-30"}
    old = [Child(100 + n, f"{2005 + n % 14}-05-01", born="2004-05-14") for n in range(90)]
    outcome = held.send(systemc([*old, *snapshot()]), window)
    assert {"TOLD_LATE", "OUTSIDE_PERIOD"}.isdisjoint(rules(outcome))
    assert outside_share(outcome.profile, outcome.period) == 0
    assert outcome.accepted == len(old) * 4 + 72 * 6


def test_what_is_open_from_before_a_month_is_told_late(held):
    old = [Child(100, "2026-02-20")]
    outcome = held.send(plain([*CHILDREN, *old]), MARCH)
    assert [(one.rule, one.count) for one in queries(outcome)] == [("TOLD_LATE", 1)]


@pytest.mark.parametrize("write", [*SYSTEMS.values(), joined], ids=lambda write: write.__name__)
def test_nothing_of_a_forgotten_child_stays_in_the_landed_copy(tmp_path, write):
    """Whichever key ties the factors to the assessment, they go with it."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(write(CHILDREN[:3]), MARCH))
    digest = sha256(path.read_bytes()).hexdigest()
    contents = contents_of(Pending(1, "301", path.name, path, digest, date(2026, 10, 20)))
    person = "P1" if write is plain else "1"
    found = records_of(contents, {("person", person), ("upn", upn(1))})
    with zipfile.ZipFile(io.BytesIO(without(contents, found, None))) as archive:
        kept = archive.read("ssd_assessment_factors.csv").decode()
    assert "13A" not in kept.replace("null", "")
    assert "3B" in kept


def test_a_table_by_itself_says_nothing_of_what_belongs_to_it(tmp_path):
    path = tmp_path / "ssd_cin_assessments.csv"
    many = [Child(n, "2026-03-02", "2026-03-03", "2026-03-20", ("13A",)) for n in range(1, 31)]
    path.write_text(plain(many)[path.name])
    [verdict] = validate([path], "301")
    assert (verdict.is_accepted, verdict.held) == (True, None)


def test_an_empty_table_of_factors_holds_back(tmp_path):
    many = [Child(n, "2026-03-02", "2026-03-03", "2026-03-20") for n in range(1, 31)]
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(plain(many), MARCH))
    [verdict] = validate([path], "301")
    assert verdict.held is not None


@pytest.mark.parametrize("stand_in", ["1900-01-01 00:00:00.000", "1900-01-01", "NULL", "SSD_PH"])
def test_a_stand_in_for_the_day_of_completion_is_an_open_assessment(held, stand_in):
    tables = plain(CHILDREN)
    tables["ssd_cin_assessments.csv"] = tables["ssd_cin_assessments.csv"].replace(
        "2026-03-31", stand_in
    )
    outcome = held.send(tables, MARCH)
    assert errors(outcome) == []
    days = [str(day) for (day,) in held.raw("ssd_assessments", "completed_date")]
    assert days == ["2026-03-20", "2026-03-30", "None", "None"]
