"""Rules of contracts: each with a bundle just inside it and one just outside, all in one inbox."""

from itertools import count

import intake_files as files
import pytest
from intake_files import ssd
from rule_cases import YEAR, Case, cases, missing

from sightline.senders.remedies import remedy
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.problems import Problem

pytestmark = pytest.mark.slow

CASES = cases()


def told(problems: list[Problem]) -> set[tuple[str, str | None, str]]:
    return {(problem.rule, problem.official, problem.severity) for problem in problems}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """By case what came of the bundle inside and of that outside."""
    monitor = files.monitor(tmp_path_factory.mktemp("rules") / "monitor")
    numbers = count()
    names = {}
    for case in CASES:
        for is_inside, tables in ((True, case.inside), (False, case.outside)):
            name = f"{next(numbers)}.zip"
            manifest = case.manifest | {"source": name}
            monitor.drop(name, files.zipped(tables, manifest))
            names[name] = case.id, is_inside
    return {names[outcome.name]: outcome for outcome in monitor.take_in().outcomes}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_rule_is_told_outside_its_limit_and_not_inside(outcomes, case: Case):
    inside, outside = (told(outcomes[case.id, is_in].problems) for is_in in (True, False))
    assert outside - inside == case.found
    assert not inside & case.found
    for is_inside in (True, False):
        outcome = outcomes[case.id, is_inside]
        assert not outcome.is_refused
        assert outcome.records == outcome.accepted + outcome.quarantined + outcome.duplicates
    refused = outcomes[case.id, False].quarantined - outcomes[case.id, True].quarantined
    assert refused == ("error" in {severity for _, _, severity in case.found})


def test_every_rule_of_these_contracts_has_its_case():
    stated = {
        (extract, rule.rule, rule.official, rule.severity)
        for extract in ("ssd", "cin_census", "school_census", "ssda903")
        for table in contracts.load()[extract].tables.values()
        for rule in table.rules
    }
    shown = {(case.extract, *found) for case in CASES for found in case.found}
    assert stated <= shown


def test_every_rule_of_a_contract_says_how_to_mend_it():
    stated = {
        rule.rule
        for contract in contracts.load().values()
        for table in contract.tables.values()
        for rule in table.rules
    }
    assert [rule for rule in sorted(stated) if not remedy(rule)] == []


def test_of_alike_rows_the_same_one_is_kept_in_any_order(tmp_path):
    rows = ["K1,DOB,M,10/06/2025,14/06/2025", "K1,DOB,M,12/06/2025,20/06/2025"]
    kept = []
    for number, ordered in enumerate((rows, rows[::-1])):
        monitor = files.monitor(tmp_path / str(number))
        outcome = monitor.send(missing(*ordered), YEAR)
        assert outcome.quarantined == 1
        kept.append(monitor.raw("missing_episodes", "cast(start_date as varchar)"))
    assert kept[0] == kept[1] == [("2025-06-03",), ("2025-06-10",)]


def test_rows_are_held_against_others_of_their_own_submission_only(tmp_path):
    monitor = files.monitor(tmp_path / "monitor")
    for sender in ("301", "302"):
        monitor.drop_zip(missing("K1,DOB,M,10/06/2025,14/06/2025"), YEAR, sender=sender)
    monitor.drop_zip(missing("K1,DOB,M,12/06/2025,20/06/2025"), YEAR, name="b.zip")
    assert [outcome.problems for outcome in monitor.take_in().outcomes] == [[], [], []]


def test_a_row_that_is_wrong_in_itself_accuses_no_other(tmp_path):
    monitor = files.monitor(tmp_path / "monitor")
    late = "K1,DOB,M,01/04/2026,20/06/2026", "K1,DOB,M,31/03/2026,"
    outcome = monitor.send(missing(*late), YEAR)
    assert files.rules(outcome) == ["STARTED_AFTER_PERIOD"]


def test_an_assessment_may_follow_a_referral_of_an_earlier_bundle(tmp_path):
    monitor = files.monitor(tmp_path / "monitor")
    later = files.ASSESSMENTS + "A1,K1,R0,2026-03-10,2026-03-27\n"
    assert monitor.send(ssd(ssd_cin_assessments=later)).problems == []
