"""A table that a return can do without and whose rows are mostly wrong is set aside by itself."""

import intake_files as files
import pytest
from intake_files import MARCH, referrals, ssd, upn, zipped

from sightline.expectations.submissions import judge_submissions
from sightline.senders.validate import Wanted, validate
from sightline.warehouse.timeline.in_force import known

pytestmark = pytest.mark.slow

CARE = (
    "clae_person_id,clae_cla_episode_start_date,clae_cla_episode_ceased_date,"
    "clae_cla_episode_ceased_reason\n"
)
MISSING = (
    "miss_person_id,miss_missing_episode_start_date,miss_missing_episode_type,"
    "miss_missing_episode_end_date\n"
)
STATUSES = (
    "lega_person_id,lega_legal_status,lega_legal_status_start_date,lega_legal_status_end_date\n"
)
PUPILS = "link_table_id,link_person_id,link_identifier_type,link_identifier_value\n"
UPN = "Unique Pupil Number"
STRANGE = MISSING + "".join(f"K{n},2026-03-{n:02},Somewhere,\n" for n in range(2, 22))
SOUND = MISSING + "K1,2026-03-02,M,2026-03-03\n"


def bundle(**changes):
    tables = {
        "ssd_cin_episodes": referrals(60),
        "ssd_cla_episodes": CARE + "K1,2024-03-04,,\n",
        "ssd_missing": SOUND,
    }
    return ssd(**(tables | changes))


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def test_a_table_of_kinds_nobody_knows_is_set_aside_and_named_and_the_rest_is_taken_in(monitor):
    outcome = monitor.send(bundle(ssd_missing=STRANGE + "K1,2026-03-04,M,\n"))
    assert not outcome.is_refused
    [named] = [one for one in outcome.problems if one.rule == "TOO_MANY_BAD_ROWS"]
    assert (named.severity, named.table, named.file) == ("error", "ssd_missing", "ssd_missing.csv")
    assert "20 of 21 rows" in named.message
    assert "the table is set aside, the rest is taken in" in named.message
    assert outcome.problems[0] is named
    assert len(monitor.raw("ssd_referrals")) == 60
    assert monitor.raw("ssd_missing_episodes") == []
    assert (outcome.quarantined, outcome.accepted + 21) == (21, outcome.records)
    rules = sorted(rule for table, _, rule in monitor.refused_lines() if table == "ssd_missing")
    assert rules == ["CODE_UNKNOWN"] * 20 + ["TABLE_SET_ASIDE"]


@pytest.mark.parametrize(
    "changes",
    [
        {"ssd_missing": STRANGE},
        {"ssd_cla_episodes": CARE + "".join(f"K{n},soon,,\n" for n in range(9))},
        # Without it short breaks would count as care.
        {"ssd_legal_status": STATUSES + "".join(f"K{n},C2,soon,\n" for n in range(9))},
    ],
)
def test_what_the_table_tells_is_not_told(monitor, changes):
    monitor.send(bundle())
    assert not monitor.send(bundle(**changes)).is_refused
    first, second = known(monitor.state, files.TODAY)
    assert "missing" in first.windows
    assert sorted(second.windows) == ["front_door", "referrals"]


def test_neither_the_rows_set_aside_nor_their_absence_hold_the_rest_back(monitor):
    numbers = range(1, 61)
    sound = {
        "ssd_person": files.PERSONS + "".join(f"K{n},F,WBRI,2012-05-14\n" for n in numbers),
        "ssd_missing": MISSING + "".join(f"K{n},2026-03-02,M,2026-03-03\n" for n in numbers),
        "ssd_linked_identifiers": PUPILS + "".join(f"L{n},K{n},{UPN},{upn(n)}\n" for n in numbers),
    }
    strange = {
        "ssd_missing": STRANGE,
        "ssd_linked_identifiers": PUPILS + "".join(f"L{n},,{UPN},{upn(n)}\n" for n in numbers),
    }
    for count, changes in ((60, {}), (61, {}), (62, {}), (63, strange)):
        outcome = monitor.send(bundle(**sound | {"ssd_cin_episodes": referrals(count)} | changes))
        assert not outcome.is_refused, outcome.problems
    result = judge_submissions(monitor.state, monitor.home.raw, 0)
    assert result.passed, result


def test_a_table_that_is_needed_and_one_that_stands_alone_are_refused_as_before(monitor, tmp_path):
    days = "".join(f"R9{n},K1,soon,N1,2A,N,,\n" for n in range(20))
    assert monitor.send(bundle(ssd_cin_episodes=referrals(60, days))).is_refused
    path = tmp_path / "ssd_missing.csv"
    path.write_text(STRANGE)
    [verdict] = validate([path], "301")
    assert not verdict.is_accepted


def test_rows_that_are_right_are_not_named_as_wrong(tmp_path):
    path = tmp_path / "march.zip"
    path.write_bytes(zipped(bundle(ssd_missing=STRANGE + "K1,2026-03-04,M,\n"), MARCH))
    [verdict] = validate([path], "301", Wanted(rows=100))
    assert verdict.is_accepted
    found = [row.problem.rule for row in verdict.rows if row.problem.severity == "error"]
    assert found == ["TOO_MANY_BAD_ROWS"] + ["CODE_UNKNOWN"] * 20
