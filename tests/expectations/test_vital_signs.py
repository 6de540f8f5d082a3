"""Vital signs of submissions: which hold, which are held back, and that nothing else is touched."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from expectations.submissions import judge_submissions
from warehouse.state import State, problems, submissions


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


def test_another_sender_is_no_measure(state: State) -> None:
    for number in range(1, 4):
        sent(state, number)
    sent(state, 4, sender="302", records=1)
    assert judge_submissions(state, 0).passed


def test_dates_outside_the_period_hold_back(state: State) -> None:
    sent(state, 1)
    with state.begin() as connection:
        row = {"submission_id": 1, "rule": "OUTSIDE_PERIOD", "message": "", "count": 6}
        connection.execute(sa.insert(problems).values(row | {"severity": "error"}))
    judge_submissions(state, 0)
    assert held(state) == {1: "dates outside the period"}


def test_a_submission_without_a_period_is_held_back(state: State) -> None:
    sent(state, 1, period_start=None, period_end=None)
    judge_submissions(state, 0)
    assert held(state) == {1: "no period of at least a day"}


def test_what_was_judged_before_is_left_alone(state: State) -> None:
    sent(state, 1, quarantined=50)
    assert judge_submissions(state, 1).details["rows"] == 0
    assert held(state) == {}


def test_refused_submissions_are_not_judged(state: State) -> None:
    sent(state, 1, status="quarantined", quarantined=100)
    assert judge_submissions(state, 0).details["rows"] == 0
