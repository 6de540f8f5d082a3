"""Which submission speaks, and what has come: one case on each side of every limit."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span
from sightline.warehouse.timeline.coverage import coverage
from sightline.warehouse.timeline.in_force import Slice, Submitted, _newness, _submitted, slices

DAY = timedelta(days=1)
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
DUE_ON = date(2026, 4, 20)


def one(number: int, period: Span = MARCH, *, received_on: date = date(2026, 4, 8)) -> Submitted:
    return Submitted(
        number, "ssd", "301", period, received_on, received_on, None, "b", True, True, name="a.zip"
    )


def status(*submitted: Submitted, as_of: date = date(2026, 4, 30)) -> str:
    """What is said of March."""
    [authority] = [own for code, own in authorities().items() if code == "301"]
    begun = one(9, Span(date(2026, 2, 1), date(2026, 2, 28)), received_on=date(2026, 3, 5))
    known = [begun, *submitted]
    rows = coverage(known, slices(known), [authority], as_of)
    [found] = [row.status for row in rows if row.period == MARCH]
    return found


def days(submission: Submitted, *others: Submitted) -> list[Span]:
    held: list[Slice] = slices([submission, *others])
    return [piece.span for piece in held if piece.submission is submission]


@pytest.mark.parametrize(
    ("received_on", "said"),
    [(DUE_ON - DAY, "received"), (DUE_ON, "received"), (DUE_ON + DAY, "late")],
)
def test_a_return_is_late_from_the_day_after_it_was_due(received_on: date, said: str) -> None:
    assert status(one(1, received_on=received_on)) == said


@pytest.mark.parametrize(("as_of", "said"), [(DUE_ON, "not_due"), (DUE_ON + DAY, "missing")])
def test_a_return_is_missing_from_the_day_after_it_was_due(as_of: date, said: str) -> None:
    assert status(as_of=as_of) == said


def test_a_refused_return_has_not_been_received() -> None:
    assert status(replace(one(1), is_accepted=False)) == "quarantined"


@pytest.mark.parametrize(
    "period", [Span(MARCH.start, MARCH.end - DAY), Span(MARCH.start + DAY, MARCH.end)]
)
def test_a_return_of_all_days_but_one_is_partial(period: Span) -> None:
    assert status(one(1, period)) == "partial"


def test_a_refused_submission_does_not_move_the_one_that_its_number_comes_before() -> None:
    quarter = Span(date(2026, 1, 1), MARCH.end)
    longer = replace(one(1, quarter), sequence=2)
    newer = replace(one(2, received_on=date(2026, 4, 9)), sequence=2)
    refused = replace(one(3, quarter, received_on=date(2026, 4, 10)), sequence=1, is_accepted=False)
    held = slices([longer, newer, refused])
    assert {piece.span for piece in held if piece.submission is newer} == {MARCH}


@pytest.mark.parametrize(
    ("received_on", "said"), [(MARCH.end - DAY, "partial"), (MARCH.end, "received")]
)
def test_a_return_that_came_before_its_last_day_is_partial(received_on: date, said: str) -> None:
    assert status(one(1, received_on=received_on)) == said


def test_a_return_speaks_for_no_day_after_it_came() -> None:
    early = one(1, received_on=date(2026, 3, 28))
    assert days(early) == [Span(MARCH.start, date(2026, 3, 28))] * 2


def test_a_return_that_came_before_its_period_speaks_for_nothing() -> None:
    assert days(one(1, received_on=MARCH.start - DAY)) == []


def test_what_came_in_one_run_stands_in_the_order_of_its_periods() -> None:
    february = Span(date(2026, 2, 1), date(2026, 2, 28))
    first = replace(one(3, february), name="c.zip")
    second = replace(one(2, Span(february.start, MARCH.end)), name="b.zip")
    third = replace(one(1, MARCH), name="a.zip")
    assert sorted([third, second, first], key=_newness) == [first, second, third]


ROW = {
    "submission_id": 1, "extract": "ssd", "sender": "301", "period_start": MARCH.start,
    "period_end": MARCH.end, "received_on": DUE_ON, "known_on": DUE_ON, "sequence": None,
    "batch": "b", "status": "accepted", "simulated": True, "records": 9, "quarantined": 0,
    "arrival": 1, "original_name": "a.zip", "held_reason": None, "overridden_on": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "speaks"),
    [
        ({}, True),
        ({"status": "quarantined"}, False),
        ({"held_reason": "too many rows were refused"}, False),
        ({"held_reason": "too many rows were refused", "overridden_on": DUE_ON}, True),
    ],
)
def test_what_is_held_back_does_not_speak_until_somebody_has_looked(
    more: dict[str, object], speaks: bool
) -> None:
    assert _submitted(ROW | more).is_accepted is speaks
