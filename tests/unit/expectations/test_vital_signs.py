"""Vital signs of submissions: which hold, which are held back, and that nothing else is touched."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from sightline.expectations import submissions as judging
from sightline.expectations.runner import CheckResult
from sightline.warehouse.ledger.state import State, problems, submission_profiles, submissions

pytestmark = pytest.mark.slow


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


def sent(state: State, number: int, **changes: Any) -> None:
    """An accepted month of referrals, 100 rows, as the sender's others."""
    row = {
        "submission_id": number,
        "sender": "301",
        "extract": "ssd",
        "period_start": date(2025, number, 1),
        "period_end": date(2025, number, 28),
        "received_on": date(2026, 1, 1),
        "sha256": str(number),
        "original_name": "a.zip",
        "landing_name": str(number),
        "status": "accepted",
        "records": 100,
        "accepted": 100,
    }
    with state.begin() as connection:
        connection.execute(sa.insert(submissions).values(row | changes))


def judge_submissions(state: State, after: int) -> CheckResult:
    return judging.judge_submissions(state, Path("nowhere"), after)


def held(state: State) -> dict[int, str]:
    query = sa.select(submissions.c.submission_id, submissions.c.held_reason)
    with state.read() as connection:
        return {key: reason for key, reason in connection.execute(query) if reason}


def test_usual_submissions_hold(state: State) -> None:
    for number in range(1, 6):
        sent(state, number)
    result = judge_submissions(state, 0)
    assert (result.passed, result.details["rows"], held(state)) == (True, 5, {})


@pytest.mark.parametrize(
    ("refused", "is_held"), [(4, False), (5, False), (6, True)], ids=["few", "at", "over"]
)
def test_many_refused_rows_hold_a_submission_back(
    state: State, refused: int, is_held: bool
) -> None:
    sent(state, 1, quarantined=refused)
    judge_submissions(state, 0)
    assert bool(held(state)) is is_held


def test_four_refused_rows_of_a_small_return_are_no_reason(state: State) -> None:
    sent(state, 1, records=10, quarantined=4)
    assert judge_submissions(state, 0).passed


@pytest.mark.parametrize(
    ("records", "is_held"), [(4, True), (5, False), (2000, False), (2001, True)]
)
def test_a_volume_far_from_the_former_median_holds_back(
    state: State, records: int, is_held: bool
) -> None:
    for number in range(1, 4):
        sent(state, number)
    sent(state, 4, records=records)
    judge_submissions(state, 0)
    assert list(held(state)) == ([4] if is_held else [])


def test_a_short_history_is_no_measure(state: State) -> None:
    sent(state, 1)
    sent(state, 2)
    sent(state, 3, records=1)
    assert judge_submissions(state, 0).passed


def test_a_return_of_another_length_is_no_measure(state: State) -> None:
    for number in range(1, 4):
        sent(state, number)
    sent(state, 4, period_end=date(2025, 9, 30), records=3000)
    assert judge_submissions(state, 0).passed


def test_another_sender_is_no_measure(state: State) -> None:
    for number in range(1, 4):
        sent(state, number)
    sent(state, 4, sender="302", records=1)
    assert judge_submissions(state, 0).passed


@pytest.mark.parametrize(
    ("inside", "outside", "going_on", "is_held"),
    [
        (1, 1, 0, False),
        (1, 2, 0, True),
        (0, 2, 9, True),
        (0, 1, 9, False),
        (0, 0, 9, False),
        (0, 0, 0, False),
    ],
    ids=[
        "half",
        "more than half",
        "all that has a day",
        "one alone, which may be told late",
        "nothing but old cases",
        "nothing",
    ],
)
def test_a_return_of_another_period_is_held_back_without_any_history(
    state: State, inside: int, outside: int, going_on: int, is_held: bool
) -> None:
    sent(state, 1)
    told_days(state, inside, outside, going_on)
    judge_submissions(state, 0)
    reason = {1: "most of its events lie outside the period that it names"}
    assert held(state) == (reason if is_held else {})


@pytest.mark.parametrize(("going_on", "is_held"), [(4, False), (5, True)])
def test_a_year_in_which_nothing_began_or_ended_is_another_one(
    state: State, going_on: int, is_held: bool
) -> None:
    sent(state, 1, period_start=date(2025, 4, 1), period_end=date(2026, 3, 31))
    told_days(state, 0, 0, going_on)
    judge_submissions(state, 0)
    assert list(held(state)) == ([1] if is_held else [])


def told_days(state: State, inside: int, outside: int, going_on: int) -> None:
    days = {"inside": inside, "outside": outside, "going_on": going_on}
    table = {"rows": sum(days.values()), "filled": {}, "commonest": {}, "days": days}
    row = {"submission_id": 1, "profile": {"ssd_cin_episodes": table}}
    with state.begin() as connection:
        connection.execute(sa.insert(submission_profiles).values(row))


def test_a_submission_without_a_period_is_held_back(state: State) -> None:
    sent(state, 1, period_start=None, period_end=None)
    judge_submissions(state, 0)
    assert held(state) == {1: "no period of at least a day"}


@pytest.mark.parametrize(("year", "is_held"), [(2006, False), (2005, True)])
def test_a_period_long_ago_is_held_back(state: State, year: int, is_held: bool) -> None:
    """A mistyped year of an empty return would be a silence of everybody since then."""
    days = {"period_start": date(year, 1, 1), "period_end": date(year, 1, 31)}
    sent(state, 1, received_on=date(2026, 1, 31), records=0, accepted=0, **days)
    judge_submissions(state, 0)
    assert list(held(state)) == ([1] if is_held else [])


def test_what_was_judged_before_is_left_alone(state: State) -> None:
    sent(state, 1, quarantined=50)
    assert judge_submissions(state, 1).details["rows"] == 0
    assert held(state) == {}


def test_refused_submissions_are_not_judged(state: State) -> None:
    sent(state, 1, status="quarantined", quarantined=100)
    assert judge_submissions(state, 0).details["rows"] == 0


def profiled(state: State, number: int, rows: int, filled: int, commonest: int) -> None:
    """A month of referrals with its profile: of its rows so many have a need, so many one code."""
    sent(state, number)
    need = "cine_cin_primary_need_code"
    table = {"rows": rows, "filled": {need: filled}, "commonest": {need: commonest}}
    row = {"submission_id": number, "profile": {"ssd_cin_episodes": table}}
    with state.begin() as connection:
        connection.execute(sa.insert(submission_profiles).values(row))


EMPTY = (
    "a column is nearly empty that was filled before"
    " (ssd_cin_episodes, column cine_cin_primary_need_code)"
)


@pytest.mark.parametrize(
    ("filled", "reasons"),
    [(10, {}), (9, {4: EMPTY}), (100, {})],
    ids=["at", "under", "as ever"],
)
def test_a_column_that_was_filled_before_holds_back_when_empty(
    state: State, filled: int, reasons: dict[int, str]
) -> None:
    """Fault 49."""
    for number in range(1, 4):
        profiled(state, number, 100, 100, 60)
    profiled(state, 4, 100, filled, min(filled, 60) // 2)
    judge_submissions(state, 0)
    assert held(state) == reasons


def test_a_column_of_which_little_was_to_be_expected_is_no_measure(state: State) -> None:
    for number in range(1, 4):
        profiled(state, number, 100, 19, 10)
    profiled(state, 4, 100, 0, 0)
    assert judge_submissions(state, 0).passed


@pytest.mark.parametrize(
    ("former", "now", "is_held"),
    [(80, 100, True), (81, 100, False), (80, 99, False)],
    ids=["all the same", "nearly so before", "all but one"],
)
def test_codes_that_are_suddenly_all_the_same_hold_back(
    state: State, former: int, now: int, is_held: bool
) -> None:
    """Fault 49: all of one value."""
    for number in range(1, 4):
        profiled(state, number, 100, 100, former)
    profiled(state, 4, 100, 100, now)
    judge_submissions(state, 0)
    assert list(held(state)) == ([4] if is_held else [])
    where = "(ssd_cin_episodes, column cine_cin_primary_need_code)"
    assert all(reason.endswith(where) for reason in held(state).values())


@pytest.mark.parametrize(("rows", "is_held"), [(4, True), (5, False)])
def test_a_table_that_is_nearly_gone_holds_back(state: State, rows: int, is_held: bool) -> None:
    for number in range(1, 4):
        profiled(state, number, 100, 100, 60)
    profiled(state, 4, rows, rows, 1)
    judge_submissions(state, 0)
    reason = "a table is nearly empty that never was before (ssd_cin_episodes)"
    assert [reason in one for one in held(state).values()] == ([True] if is_held else [])


def returned(state: State, raw: Path, number: int, year: int, periods: dict[int, bool]) -> None:
    """A year of looked-after children: by child, whether the missing period is still open."""
    days = {"period_start": date(year - 1, 4, 1), "period_end": date(year, 3, 31)}
    sent(state, number, extract="ssda903", batch=f"b{number}", **days)
    ends = {True: "null", False: "date '2024-05-02'"}
    values = ", ".join(
        f"({number}, {child}, date '2024-05-01', {ends[is_open]})"
        for child, is_open in periods.items()
    )
    folder = raw / "missing_episodes"
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select submission_id, person_key, start_date, cast(end_date as date) as end_date"
            f" from (values {values}) as told (submission_id, person_key, start_date, end_date))"
            f" to '{folder / f'b{number}.parquet'}' (format parquet)"
        ).fetchall()


@pytest.mark.parametrize(("absent", "is_held"), [(5, False), (6, True)])
def test_periods_that_were_open_and_are_absent_are_asked_about_or_hold_back(
    state: State, tmp_path: Path, absent: int, is_held: bool
) -> None:
    """Official rule 576: half of ten may have been corrected away, more may not."""
    returned(state, tmp_path, 1, 2024, dict.fromkeys(range(10), True) | {99: False})
    returned(state, tmp_path, 2, 2025, dict.fromkeys(range(absent, 10), False))
    judging.judge_submissions(state, tmp_path, 1)
    with state.read() as connection:
        query = sa.select(problems.c.rule, problems.c.official, problems.c.count)
        asked = [tuple(row) for row in connection.execute(query)]
    assert asked == [("OPEN_THEN_ABSENT", "576", absent)]
    assert list(held(state)) == ([2] if is_held else [])


def test_after_a_year_without_a_return_nothing_is_asked_about_open_periods(
    state: State, tmp_path: Path
) -> None:
    returned(state, tmp_path, 1, 2023, dict.fromkeys(range(10), True))
    returned(state, tmp_path, 2, 2025, {99: True})
    assert judging.judge_submissions(state, tmp_path, 1).passed


def assessed(state: State, number: int, found: int, of: int = 100) -> None:
    """A month of assessments of which so many have a factor."""
    sent(state, number)
    table = {"rows": of, "filled": {}, "commonest": {}, "beside": {"factors": [found, of]}}
    row = {"submission_id": number, "profile": {"ssd_cin_assessments": table}}
    with state.begin() as connection:
        connection.execute(sa.insert(submission_profiles).values(row))


@pytest.mark.parametrize(("found", "is_held"), [(45, False), (44, True), (0, True)])
def test_factors_that_fall_against_former_returns_hold_back(
    state: State, found: int, is_held: bool
) -> None:
    for number in range(1, 4):
        assessed(state, number, 90)
    assessed(state, 4, found)
    judge_submissions(state, 0)
    reason = (
        "far fewer of its completed assessments than before have a factor"
        " (ssd_cin_assessments, with ssd_assessment_factors)"
    )
    assert held(state) == ({4: reason} if is_held else {})


@pytest.mark.parametrize(
    ("found", "of", "is_held"), [(0, 19, False), (0, 20, True), (2, 20, False), (1, 20, True)]
)
def test_without_former_returns_hardly_any_factor_holds_back(
    state: State, found: int, of: int, is_held: bool
) -> None:
    assessed(state, 1, found, of)
    judge_submissions(state, 0)
    assert list(held(state)) == ([1] if is_held else [])
    assert all("before version 1.4" in reason for reason in held(state).values())


def test_one_who_never_names_factors_is_held_at_first_only(state: State) -> None:
    for number in range(1, 5):
        assessed(state, number, 0)
    judge_submissions(state, 0)
    assert list(held(state)) == [1, 2, 3]
