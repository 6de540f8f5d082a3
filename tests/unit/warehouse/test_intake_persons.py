"""Children of referrals and assessments whom no row of ssd_person describes."""

import intake_files as files
import pytest
from intake_files import ASSESSMENTS, EPISODES, MARCH, PERSONS, queries, ssd, zipped

from sightline.expectations.submissions import judge_submissions
from sightline.senders.validate import validate

pytestmark = pytest.mark.slow

REASON = "most of its referrals are of children whom ssd_person does not list"
COUNT = 20


def bundle(known, count=COUNT):
    """Referrals of as many children, of whom the first `known` have a row of their own."""
    # As a spreadsheet leaves the others: without their leading zeros.
    numbers = [f"{n:06}" if n < known else str(n) for n in range(count)]
    return ssd(
        ssd_person=PERSONS + "".join(f"{n},F,WBRI,2012-05-14\n" for n in ("K1", *numbers[:known])),
        ssd_cin_episodes=EPISODES
        + "".join(
            f"R{place},{number},2026-03-09,N1,2A,N,,\n" for place, number in enumerate(numbers)
        ),
        ssd_cin_assessments=ASSESSMENTS + "A1,K2,R1,2026-03-10,2026-03-27\n",
    )


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def test_children_without_a_row_of_their_own_are_asked_about(monitor):
    outcome = monitor.send(bundle(15))
    found = {
        (one.table, one.column): (one.count, one.line)
        for one in queries(outcome)
        if one.rule == "PARENT_MISSING"
    }
    assert found == {
        ("ssd_cin_episodes", "cine_person_id"): (5, 17),
        ("ssd_cin_assessments", "cina_person_id"): (1, 2),
    }
    assert outcome.quarantined == 0


@pytest.mark.parametrize(
    ("known", "count", "is_held"),
    [(10, 20, False), (9, 20, True), (0, 20, True), (0, 19, False)],
)
def test_a_return_most_of_whose_children_are_not_listed_is_held(
    monitor, tmp_path, known, count, is_held
):
    tables = bundle(known, count)
    monitor.send(tables)
    assert judge_submissions(monitor.state, monitor.home.raw, 0).passed is not is_held
    path = tmp_path / "march.zip"
    path.write_bytes(zipped(tables, MARCH))
    [verdict] = validate([path], "301")
    assert verdict.held == (REASON if is_held else None)
