"""The school year of England, as far as it moves: Easter, and the school days of a month."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

HOLIDAY = 16  # days around Easter Sunday in which most schools are closed


def easter_sunday(year: int) -> date:
    """The anonymous Gregorian computus (Nature, 20 April 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (8 * b + 13) // 25
    g = (19 * a + b - d - f + 15) % 30
    h, i = divmod(c, 4)
    k = (32 + 2 * e + 2 * h - g - i) % 7
    m = (a + 11 * g + 19 * k) // 433
    month = (g + k - 7 * m + 90) // 25
    return date(year, month, (g + k - 7 * m + 33 * month + 19) % 32)


def easter_in_march(months: Iterable[date]) -> NDArray[np.float64]:
    """Share of the holiday that lies in March, less what is usual; the opposite sign for April."""
    return np.array([_share(month) if month.month in (3, 4) else 0.0 for month in months])


def _share(month: date) -> float:
    sunday = easter_sunday(month.year)
    days = [sunday + timedelta(days=offset) for offset in range(-HOLIDAY // 2, HOLIDAY // 2)]
    share = sum(day.month == 3 for day in days) / len(days) - 0.25
    return share if month.month == 3 else -share


def school_days(months: Iterable[date]) -> NDArray[np.float64]:
    """Weekdays of each month on which most schools of England are open, at least one.

    Term dates differ by authority; what matters here is what moves from year to year: Easter,
    the week of the late May bank holiday, and how many weekends a month has.
    """
    return np.array([float(max(1, _open_days(month))) for month in months])


def _open_days(month: date) -> int:
    closed = _closed(month.year)
    day, count = date(month.year, month.month, 1), 0
    while day.month == month.month:
        is_closed = any(first <= day <= last for first, last in closed)
        count += day.weekday() < 5 and not is_closed
        day += timedelta(days=1)
    return count


def _closed(year: int) -> list[tuple[date, date]]:
    sunday = easter_sunday(year)
    february, october = _monday(date(year, 2, 12)), _monday(date(year, 10, 24))
    late_may = _monday(date(year, 5, 25))
    week = timedelta(days=4)
    return [
        (date(year, 1, 1), date(year, 1, 3)),
        (february, february + week),
        (sunday - timedelta(days=8), sunday + timedelta(days=7)),
        (_monday(date(year, 5, 1)), _monday(date(year, 5, 1))),
        (late_may, late_may + week),
        (date(year, 7, 23), date(year, 9, 1)),
        (october, october + week),
        (date(year, 12, 20), date(year, 12, 31)),
    ]


def _monday(day: date) -> date:
    """The first Monday at or after a day."""
    return day + timedelta(days=-day.weekday() % 7)
