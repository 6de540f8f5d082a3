"""The payload for the department's interface, as a form of the standard safeguarding dataset."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from intake_files import MARCH, Monitor, errors, monitor, rules, upn
from ssd_systems import Child, plain

from sightline.senders.validate import validate
from sightline.warehouse.calendar import Span

pytestmark = pytest.mark.slow

CHILDREN = [
    Child(1, "2026-03-02", "2026-03-03", "2026-03-20", ("13A", "24A"), closed="2026-03-25"),
    Child(2, "2026-03-05", "2026-03-06", "2026-03-30", ("1A", "3B"), sex="M"),
    Child(3, "2026-03-09", "2026-03-10", None, source="10"),
    Child(4, "2026-03-23", source="3C"),
]
TABLES = ("ssd_persons", "ssd_identifiers", "ssd_referrals", "ssd_assessments", "ssd_factors")
OPTIONAL = {"former_unique_pupil_number", "closure_date", "closure_reason", "authorisation_date"}


@pytest.fixture
def held(tmp_path: Path) -> Monitor:
    return monitor(tmp_path / "monitor")


def record(one: Child, **changes: Any) -> dict[str, Any]:
    """One child's full record; what is null is left out, as the script does."""
    assessments = [
        {
            "child_and_family_assessment_id": str(one.form), "start_date": one.started,
            "authorisation_date": one.completed, "factors": list(one.factors), "purge": False,
        }
    ]  # fmt: skip
    episode = {
        "social_care_episode_id": f"R{one.number}", "referral_date": one.referred,
        "referral_source": one.source, "referral_no_further_action_flag": False,
        "closure_date": one.closed, "closure_reason": "RC7" if one.closed else None,
        "child_and_family_assessments": assessments if one.is_assessed else [],
        "section_47_assessments": [], "purge": False,
    }  # fmt: skip
    details = {
        "unique_pupil_number": one.upn, "first_name": "Given", "surname": "Family\nName",
        "date_of_birth": one.born, "sex": one.sex, "ethnicity": "WBRI", "disabilities": ["NONE"],
        "postcode": "AB1 2CD", "uasc_flag": False, "purge": False,
    }  # fmt: skip
    child = {
        "la_child_id": f"P{one.number}", "mis_child_id": "Supplier", "child_details": details,
        "social_care_episodes": [episode], "purge": False,
    }  # fmt: skip
    return without_nulls(child | changes)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def array(records: list[Any]) -> dict[str, str]:
    return {"payload.json": json.dumps(records)}


def one_each(records: list[Any]) -> dict[str, str]:
    return {f"child_{place}.json": json.dumps(one, indent=2) for place, one in enumerate(records)}


def lines(records: list[Any]) -> dict[str, str]:
    return {"payload.jsonl": "".join(json.dumps(one) + "\n" for one in records)}


def in_batches(records: list[Any]) -> dict[str, str]:
    return {f"b{place}.json": json.dumps(records[place:][:2]) for place in range(0, 4, 2)}


def of_the_authority(records: list[Any]) -> dict[str, str]:
    return {"payload.json": json.dumps({"la_code": 301, "Children": records})}


def by_powershell(records: list[Any]) -> dict[str, bytes]:
    return {"payload.json": json.dumps(records).encode("utf-16")}


FORMS = (array, one_each, lines, in_batches, of_the_authority, by_powershell)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_what_the_tables_give(held, tmp_path, form):
    outcome = held.send(form([record(one) for one in CHILDREN]), MARCH)
    assert errors(outcome) == []
    assert outcome.extract == "ssd"
    other = Monitor(held.home, held.state)
    told = {table: len(held.raw(table)) for table in TABLES}
    assert told == {
        "ssd_persons": 4, "ssd_identifiers": 0, "ssd_referrals": 4, "ssd_assessments": 3,
        "ssd_factors": 4,
    }  # fmt: skip
    columns = "referral_key, person_key, referral_date, source_code, is_no_further_action"
    by_payload = other.raw("ssd_referrals", columns)
    held.send(plain(CHILDREN), MARCH)
    assert sorted(set(held.raw("ssd_referrals", columns))) == by_payload
    assert len(set(held.raw("ssd_persons", "person_key, upn_key, birth_month, sex"))) == 4
    assert len(set(held.raw("ssd_assessments", "assessment_key, start_date"))) == 3
    assert len(set(held.raw("ssd_factors", "assessment_key, factor_code"))) == 4


def test_no_name_or_postcode_is_kept(held):
    held.send(array([record(one) for one in CHILDREN]), MARCH)
    kept = b"".join(path.read_bytes() for path in held.home.raw.rglob("*.parquet"))
    assert not [text for text in (b"Given", b"Family", b"AB1 2CD") if text in kept]


def test_a_former_number_and_a_child_not_born_yet_are_read(held):
    details = {"former_unique_pupil_number": upn(77), "expected_date_of_birth": "2026-12-01",
               "unique_pupil_number_unknown_reason": "UN1", "sex": "U"}  # fmt: skip
    outcome = held.send(array([record(CHILDREN[3], child_details=details)]), MARCH)
    assert errors(outcome) == []
    assert held.raw("ssd_identifiers", "is_former") == [(True,)]
    assert held.raw("ssd_persons", "upn_key, birth_month") == [(None, date(2026, 12, 1))]


def test_what_is_purged_is_gone(held):
    gone = {"la_child_id": "P9", "mis_child_id": "Supplier", "purge": True}
    first = record(CHILDREN[0])
    [episode] = first["social_care_episodes"]
    [assessment] = episode["child_and_family_assessments"]
    dead = {"social_care_episode_id": "R8", "purge": True}
    no_more = {"child_and_family_assessment_id": "A8", "purge": True}
    episode["child_and_family_assessments"] = [assessment, no_more]
    first["social_care_episodes"] = [episode, dead]
    held.send(array([first, gone]), MARCH)
    told = {table: len(held.raw(table)) for table in TABLES}
    assert told == {
        "ssd_persons": 1, "ssd_identifiers": 0, "ssd_referrals": 1, "ssd_assessments": 1,
        "ssd_factors": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"social_care_episode_id": "R1", "closure_date": "2026-03-28", "purge": False},
        {"social_care_episode_id": "R1", "referral_date": "2026-03-02",
         "child_and_family_assessments": [
             {"child_and_family_assessment_id": "70001", "factors": ["13A"], "purge": False}]},
    ],
)  # fmt: skip
def test_a_payload_of_changes_alone_is_refused_by_name(held, changed):
    outcome = held.send(
        array([record(CHILDREN[1]), record(CHILDREN[0], social_care_episodes=[changed])]), MARCH
    )
    assert outcome.is_refused
    assert rules(outcome)[0] == "CHANGES_ONLY"
    assert "full records" in str(outcome.problems[0])
    assert held.raw("ssd_referrals") == []


def test_without_a_period_a_payload_of_few_days_may_be_changes_alone(held):
    outcome = held.send(array([record(one) for one in CHILDREN]), None)
    assert (outcome.is_refused, rules(outcome)[0]) == (True, "PERIOD_UNKNOWN")


def test_a_payload_of_years_tells_its_days_itself(tmp_path):
    years = [Child(n, f"{2020 + n % 6}-05-{n:02}") for n in range(1, 29)]
    path = tmp_path / "payload.json"
    path.write_text(json.dumps([record(one) for one in years]))
    [verdict] = validate([path], "301")
    assert (verdict.is_accepted, verdict.accepted) == (True, 56)
    assert verdict.period == Span(date(2020, 5, 6), date(2025, 5, 23))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('[{"la_child_id": "P1", "social_care_episodes": [', "JSON_STRUCTURE"),
        ('[{"la_child_id": "P1", "social_care_episodes": []}', "JSON_STRUCTURE"),
        ('[{"la_child_id": "P1", "social_care_episodes": []}, 7]', "JSON_STRUCTURE"),
        (
            '{"children": [{"la_child_id": "P1", "social_care_episodes": []}, {"name": 1}]}',
            "JSON_STRUCTURE",
        ),
        ('[{"la_child_id": "P1", "child_details": {"sex": "F"}}]', "CHANGES_ONLY"),
        ('{"other": 1}', "JSON_STRUCTURE"),
        ("[" * 100_000, "JSON_STRUCTURE"),
    ],
)
def test_what_is_no_payload_is_refused_by_name(held, text, rule):
    outcome = held.send({"payload.json": text}, MARCH)
    assert (outcome.is_refused, rules(outcome)[0]) == (True, rule)
    assert "P1" not in str(outcome.problems)


def test_beside_tables_a_payload_is_a_second_return(held):
    outcome = held.send(array([record(CHILDREN[0])]) | plain(CHILDREN), MARCH)
    assert rules(outcome)[0] == "TABLE_TWICE"
