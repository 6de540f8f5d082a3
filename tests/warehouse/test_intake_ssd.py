"""The standard safeguarding dataset as the scripts for each case system write it."""

import json
from collections import Counter
from pathlib import Path

import pytest
from intake_files import MARCH, Monitor, errors, monitor, queries, rules, upn
from ssd_systems import SYSTEMS, Child, eclipse, mosaic, plain, systemc

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
