"""A deadline that recurs each year is never before a return is late, and soon after it is."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from sightline.warehouse.calendar import next_span, span_of
from sightline.warehouse.contracts.schema import Due, load
from sightline.warehouse.timeline.recurring_deadlines import Deadline, deadline

DUE = {name: contract.due for name, contract in load().items() if contract.due}


def ticks(found: Deadline) -> list[date]:
    return [date(year, month, found.day) for year in range(2019, 2033) for month in found.months]


@pytest.mark.parametrize("name", DUE)
def test_it_is_at_most_three_days_after_the_first_day_on_which_a_return_is_late(name: str) -> None:
    due, found = DUE[name], deadline(DUE[name])
    period = span_of(date(2020, 1, 1), due.every)
    for _ in range(60):
        late = due.due_on(period) + timedelta(days=1)
        tick = next(day for day in ticks(found) if day >= late)
        assert tick - late <= timedelta(days=3)
        period = next_span(period, due.every)
        if period.start.year > 2030:
            break


@pytest.mark.parametrize("name", DUE)
def test_a_return_of_the_period_before_does_not_keep_it(name: str) -> None:
    found = deadline(DUE[name])
    assert all(tick - found.open_for >= before for before, tick in pairwise(ticks(found)))


def test_a_monthly_return_that_is_due_on_the_twentieth_is_late_on_the_twenty_first() -> None:
    found = deadline(Due(every="month", days=20))
    assert (found.day, found.months) == (21, tuple(range(1, 13)))
    # From the last day of the month before, when a return can first hold all of its month.
    assert date(2026, 3, 21) - found.open_for == date(2026, 2, 28)


def test_days_that_months_lack_run_over_into_the_next() -> None:
    assert deadline(Due(every="year", days=28)) == Deadline(29 - 28, (5,), timedelta(days=31))
    assert deadline(Due(every="month", days=27)).day == 28
