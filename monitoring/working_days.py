"""Working days in England: from Monday to Friday, but for bank holidays.

Bank holidays as in the Banking and Financial Dealings Act 1971, Schedule 1, and, on a weekend, on
the next working day, as proclaimed each year (https://www.gov.uk/bank-holidays). One that is
proclaimed for a single year is taken for a working day.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from sightline.monitoring.detection.calendar import easter_sunday

A_DAY = timedelta(days=1)
SATURDAY = 5


def between(first: date, last: date) -> int:
    """Working days after the first day, up to the last."""
    days = (first + number * A_DAY for number in range(1, (last - first).days + 1))
    return sum(_is_weekday(day) and day not in bank_holidays(day.year) for day in days)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    easter = easter_sunday(year)
    found = {
        easter - 2 * A_DAY,
        easter + A_DAY,
        _monday_from(date(year, 5, 1)),
        _monday_from(date(year, 5, 25)),
        _monday_from(date(year, 8, 25)),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        found.add(_next_free(fixed, found))
    return frozenset(found)


def _next_free(day: date, taken: Iterable[date]) -> date:
    while not _is_weekday(day) or day in taken:
        day += A_DAY
    return day


def _monday_from(day: date) -> date:
    return day + -day.weekday() % 7 * A_DAY


def _is_weekday(day: date) -> bool:
    return day.weekday() < SATURDAY
