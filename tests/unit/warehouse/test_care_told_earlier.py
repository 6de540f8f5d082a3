"""How much earlier the standard dataset's tables of care tell of a month than SSDA903 does."""

from datetime import date

import pytest

from sightline.warehouse.calendar import Span
from sightline.warehouse.timeline.in_force import Submitted
from sightline.warehouse.timeline.monthly_gain import Gain, care

BOTH = frozenset({"ssd_cla_episodes", "ssd_missing"})


def sent(
    extract: str, start: str, end: str, on: str, *, sender: str = "301", held: bool = False
) -> Submitted:
    days = Span(date.fromisoformat(start), date.fromisoformat(end))
    came = date.fromisoformat(on)
    one = (1, extract, sender, days, came, came, None, "b", not held, True)
    return Submitted(*one, tables=BOTH if extract == "ssd" else frozenset())


MONTHS = (
    sent("ssd", "2026-01-01", "2026-01-31", "2026-02-10"),
    sent("ssd", "2026-02-01", "2026-02-28", "2026-03-10"),
    sent("ssd", "2026-04-01", "2026-04-30", "2026-05-10"),
)


@pytest.mark.parametrize(
    ("returns", "days", "waiting"),
    [
        ((), [], 3),
        ((sent("ssda903", "2025-04-01", "2026-03-31", "2026-06-10"),), [120, 92], 1),
        ((sent("ssda903", "2025-04-01", "2026-02-27", "2026-06-10"),), [120], 2),
        ((sent("ssda903", "2025-04-01", "2026-03-31", "2026-02-10"),), [], 2),
        ((sent("ssda903", "2025-04-01", "2026-03-31", "2026-06-10", sender="302"),), [], 3),
        ((sent("ssda903", "2025-04-01", "2026-03-31", "2026-06-10", held=True),), [], 3),
        ((sent("school_census", "2026-01-01", "2026-03-31", "2026-06-10"),), [], 3),
    ],
)
def test_the_gain_is_the_days_until_the_first_return_that_covers_the_month(
    returns: tuple[Submitted, ...], days: list[int], waiting: int
) -> None:
    again = sent("ssd", "2026-01-01", "2026-01-31", "2026-03-20")
    assert care((*MONTHS, again, *returns)) == Gain(days, waiting)


def test_nobody_gains_where_no_bundle_holds_the_tables() -> None:
    returned = sent("ssda903", "2025-04-01", "2026-03-31", "2026-06-10")
    assert care([returned]) == Gain([], 0)
