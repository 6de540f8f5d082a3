"""How much earlier a monthly return tells of a month than the rarer return that covers it does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from sightline.warehouse.calendar import Span, month_of
from sightline.warehouse.timeline.in_force import Submitted

DAYS_OF_A_MONTH = 365.25 / 12
CARE = "missing"  # of what both returns are a source


@dataclass(frozen=True)
class Gain:
    """By authority and month that a monthly return told of first: the `days` until a rarer one
    did, and how many such months are `waiting` for one."""

    days: list[int]
    waiting: int

    @property
    def median_months(self) -> float:
        return median(self.days) / DAYS_OF_A_MONTH


def care(submitted: Iterable[Submitted]) -> Gain:
    """Of children in care and missing from care."""
    by_tables: dict[tuple[str, date], date] = {}
    by_return: dict[tuple[str, date], date] = {}
    for submission in submitted:
        window = submission.windows.get(CARE) if submission.is_accepted else None
        if window:
            due = submission.contract.due
            first = by_tables if due and due.every == "month" else by_return
            for month in _months_within(window):
                key = (submission.sender, month)
                first[key] = min(first.get(key, submission.received_on), submission.received_on)
    days = [
        (by_return[key] - came_on).days for key, came_on in by_tables.items() if key in by_return
    ]
    return Gain([gain for gain in days if gain > 0], len(by_tables.keys() - by_return.keys()))


def _months_within(span: Span) -> Iterator[date]:
    """The first day of each month that lies whole within a span."""
    month = month_of(span.start)
    while month.end <= span.end:
        if month.start >= span.start:
            yield month.start
        month = month_of(month.end + timedelta(days=1))
