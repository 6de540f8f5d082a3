"""Deadlines of an extract as Dagster's freshness policies need them: days that recur each year.

When a return of one period is due is decided by its contract (`Due.due_on`), whether it came by
`coverage`, and what is late now by `overdue`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sightline.warehouse.calendar import Span, next_span, span_of
from sightline.warehouse.contracts.schema import Due

YEARS = (2024, 2028)
"""Four years, since a leap year moves what is due after its February."""
LAST_DAY_OF_EVERY_MONTH = 28


@dataclass(frozen=True)
class Deadline:
    """At the start of this day of these months a return is late that has not come before it.

    `open_for` is for how long before it may have come: from the day from which days are counted,
    but never from before the deadline of the return before.
    """

    day: int
    months: tuple[int, ...]
    open_for: timedelta


def deadline(due: Due) -> Deadline:
    """The day of the month on which no return is still in time, whatever the year.

    Months and terms differ in length: a return may be late up to three days before its deadline.
    """
    periods = list(_periods(due))
    behind, day = max(_place(due, period) for period in periods)
    if day > LAST_DAY_OF_EVERY_MONTH:
        behind, day = behind + 1, 1
    ends = {period: _day_of(due, period, behind, day) for period in periods}
    longest = max(end - due.begins_on(period) for period, end in ends.items())
    apart = min(later - earlier for earlier, later in pairwise(sorted(ends.values())))
    return Deadline(day, tuple(sorted({end.month for end in ends.values()})), min(longest, apart))


def _periods(due: Due) -> Iterator[Span]:
    first, last = YEARS
    period = span_of(date(first, 1, 1), due.every)
    while period.start < date(last, 1, 1):
        yield period
        period = next_span(period, due.every)


def _place(due: Due, period: Span) -> tuple[int, int]:
    """Of the first day on which a return is late: months after its period's, and day of month."""
    begins, late = due.begins_on(period), due.due_on(period) + timedelta(days=1)
    return (late.year - begins.year) * 12 + late.month - begins.month, late.day


def _day_of(due: Due, period: Span, behind: int, day: int) -> date:
    begins = due.begins_on(period)
    years, month = divmod(begins.month - 1 + behind, 12)
    return date(begins.year + years, month + 1, day)
