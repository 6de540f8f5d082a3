"""Easter, the one school holiday that moves from month to month."""

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
