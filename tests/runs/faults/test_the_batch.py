"""Every bad file and bad value of the table, in one inbox: each gets its verdict."""

import pytest
from cases import CASES, GOOD_BUNDLES, Case
from conftest import Batch
from intake_files import errors, upn
from invariants import assert_invariants

# Ids, names, notes, dates of birth and pupil numbers that the files hold.
CANARIES = ("canary", "2012-05-14", "14/05/2012", "07700 900123", upn(0), upn(1), upn(7))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_fault(batch: Batch, case: Case) -> None:
    outcome = batch.outcomes[case]
    assert tuple(errors(outcome)) == case.errors
    is_partly_wrong = case.quarantined is not None and case.quarantined != case.records
    assert outcome.is_refused == (bool(case.errors) and not is_partly_wrong)
    assert outcome.duplicates == case.duplicates
    if case.records is not None:
        assert (outcome.records, outcome.quarantined) == (case.records, case.quarantined or 0)


@pytest.mark.parametrize("case", GOOD_BUNDLES, ids=lambda case: case.name)
def test_good_files_among_bad_ones_are_accepted(batch: Batch, case: Case) -> None:
    assert (batch.outcomes[case].accepted, batch.outcomes[case].problems) == (5, [])


def test_the_invariants_hold_after_every_fault_at_once(batch: Batch) -> None:
    assert_invariants(batch.was, batch.report, CANARIES)
    assert len(batch.was.log.getvalue()) < 10_000


def test_errors_say_what_to_do_and_never_what_was_written(batch: Batch) -> None:
    for outcome in batch.outcomes.values():
        for problem in outcome.problems:
            assert len(problem.message) > 12
            assert problem.rule.isupper()
            assert problem.file or problem.table or problem.rule in ("EMPTY_FILE", "MANIFEST")
