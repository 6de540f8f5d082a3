"""Days, school terms, returns and their due dates over the time that is simulated.

Days are whole numbers since 1970-01-01, so that they can be used as array indices.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]
Weights = NDArray[np.float64]

EPOCH = date(1970, 1, 1)
MONTH_WEIGHTS = (1.01, 1.03, 1.05, 1.00, 1.03, 1.05, 1.03, 0.93, 1.00, 1.02, 1.04, 0.93)
EXCLUSION_MONTH_WEIGHTS = (1.0, 1.05, 1.1, 0.95, 1.05, 1.1, 0.9, 0.0, 0.85, 1.05, 1.1, 0.9)


def number(day: date) -> int:
    return (day - EPOCH).days


def day(number_of_days: int) -> date:
    return EPOCH + timedelta(days=int(number_of_days))


def add_months(month: date, count: int) -> date:
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def month_end(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)


def easter(year: int) -> date:
    """Sunday, by the anonymous Gregorian rule."""
    century, rest = divmod(year, 100)
    golden = year % 19
    moon = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    shift = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    correction = (golden + 11 * moon + 22 * shift) // 451
    month, day_of_month = divmod(moon + shift - 7 * correction + 114, 31)
    return date(year, month, day_of_month + 1)


def nth_thursday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 7 * (nth - 1))


def holidays(year: int) -> list[tuple[date, date]]:
    """School holidays that begin in a calendar year, first and last day."""
    sunday = easter(year)
    monday = date(year, 10, 24) + timedelta(days=(0 - date(year, 10, 24).weekday()) % 7)
    late_may = date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())
    february = date(year, 2, 12) + timedelta(days=(0 - date(year, 2, 12).weekday()) % 7)
    return [
        (february, february + timedelta(days=6)),
        (sunday - timedelta(days=8), sunday + timedelta(days=7)),
        (late_may, late_may + timedelta(days=6)),
        (date(year, 7, 22), date(year, 9, 2)),
        (monday, monday + timedelta(days=6)),
        (date(year, 12, 20), date(year + 1, 1, 3)),
    ]


def bank_holidays(year: int) -> list[date]:
    sunday = easter(year)
    may = date(year, 5, 1)
    august = date(year, 8, 31)
    return [
        date(year, 1, 1),
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        may + timedelta(days=-may.weekday() % 7),
        date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday()),
        august - timedelta(days=august.weekday()),
        date(year, 12, 25),
        date(year, 12, 26),
    ]


@dataclass(frozen=True)
class Term:
    name: str
    start: date
    end: date


def term_of(day: date) -> Term:
    """The school term in which a day falls, holidays included."""
    if day.month >= 9:
        return Term("Autumn", date(day.year, 9, 1), date(day.year, 12, 31))
    if day.month >= 4:
        return Term("Summer", date(day.year, 4, 1), date(day.year, 8, 31))
    return Term("Spring", date(day.year, 1, 1), date(day.year, 3, 31))


@dataclass(frozen=True)
class Census:
    """One school census and the dates of the exclusions that it carries."""

    term: str
    reference: date
    start: date
    end: date

    @property
    def absent_in(self) -> Term:
        """The term whose absence it carries: the one before its own."""
        own = term_of(self.reference)
        return term_of(own.start - timedelta(days=1))

    @property
    def year(self) -> int:
        return self.reference.year


@dataclass(frozen=True)
class Horizon:
    """The months that are asked for, and the days that must be simulated to fill them."""

    months: int
    until: date

    @property
    def start(self) -> date:
        return add_months(self.until.replace(day=1), 1 - self.months)

    @property
    def as_of(self) -> date:
        return self.until + timedelta(days=20)

    @property
    def first_day(self) -> date:
        """Start of the collection year and of the first exclusions that a census carries."""
        return date(self.start.year - (self.start.month < 4), 4, 1)

    @cached_property
    def days(self) -> Days:
        return np.arange(number(self.first_day), number(self.until) + 1, dtype=np.int32)

    @cached_property
    def month_of_day(self) -> Days:
        months = self.days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
        return np.asarray(months - months[0], dtype=np.int32)

    @cached_property
    def weekdays(self) -> Days:
        return np.asarray((self.days + 3) % 7, dtype=np.int32)

    def months_from(self, first: date) -> list[date]:
        count = (self.until.year - first.year) * 12 + self.until.month - first.month + 1
        return [add_months(first, offset) for offset in range(count)]

    @property
    def reporting_months(self) -> list[date]:
        return self.months_from(self.start)

    @property
    def quarter_ends(self) -> list[date]:
        return [
            month_end(month)
            for month in self.reporting_months
            if month.month % 3 == 0 and month_end(month) <= self.until
        ]

    @property
    def census_years(self) -> list[date]:
        """The 31 Marches of the CIN censuses that have been returned."""
        return [
            month_end(month)
            for month in self.reporting_months
            if month.month == 3 and self.as_of >= date(month.year, 7, 31)
        ]

    @property
    def terms(self) -> list[Term]:
        """Whole terms that lie within the simulated days."""
        days = [day(one) for one in self.days[::28]]
        found = list(dict.fromkeys(term_of(one) for one in days))
        return [one for one in found if one.start >= self.first_day and one.end <= self.until]

    @property
    def censuses(self) -> list[Census]:
        found = []
        for year in range(self.first_day.year, self.as_of.year + 1):
            found += [
                Census(
                    "Spring",
                    nth_thursday(year, 1, 3),
                    date(year - 1, 4, 1),
                    date(year - 1, 12, 31),
                ),
                Census(
                    "Summer",
                    nth_thursday(year, 5, 3),
                    date(year - 1, 9, 1),
                    date(year, 3, 31),
                ),
                Census("Autumn", nth_thursday(year, 10, 1), date(year, 1, 1), date(year, 8, 31)),
            ]
        return [
            census
            for census in found
            if census.start >= self.first_day
            and census.end <= self.until
            and self.arrives(census) <= self.as_of
        ]

    def arrives(self, census: Census) -> date:
        return census.reference + timedelta(days=12 if census.term == "Autumn" else 35)

    def _mark(self, spans: list[tuple[date, date]]) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.days), dtype=bool)
        origin = int(self.days[0])
        for first, last in spans:
            marked[max(0, number(first) - origin) : max(0, number(last) - origin + 1)] = True
        return marked

    @cached_property
    def is_bank_holiday(self) -> NDArray[np.bool_]:
        years = range(self.first_day.year, self.until.year + 1)
        return self._mark([(day, day) for year in years for day in bank_holidays(year)])

    @cached_property
    def is_school_day(self) -> NDArray[np.bool_]:
        years = range(self.first_day.year - 1, self.until.year + 1)
        on_holiday = self._mark([span for year in years for span in holidays(year)])
        return (self.weekdays < 5) & ~on_holiday & ~self.is_bank_holiday

    @cached_property
    def calendar_month(self) -> Days:
        return np.asarray((self.month_of_day + self.first_day.month - 1) % 12, dtype=np.int32)

    def _a_year(self, weights: Weights) -> Weights:
        """Scaled so that a year's weights come to one."""
        return np.asarray(weights / weights.mean() / 365.25)

    @cached_property
    def school_weights(self) -> Weights:
        weights = np.where(self.is_school_day, 1.0, np.where(self.weekdays < 5, 0.08, 0.02))
        return self._a_year(weights)

    @cached_property
    def other_weights(self) -> Weights:
        weights = np.where(self.weekdays < 5, 1.0, 0.24)
        weights[self.is_bank_holiday] = 0.3
        return self._a_year(weights * np.array(MONTH_WEIGHTS)[self.calendar_month])

    @cached_property
    def exclusion_weights(self) -> Weights:
        weights = self.is_school_day * np.array(EXCLUSION_MONTH_WEIGHTS)[self.calendar_month]
        return self._a_year(weights)

    @cached_property
    def working_days(self) -> Days:
        """With half a year beyond the end, so that adding working days stays inside."""
        later = np.arange(self.days[-1] + 1, self.days[-1] + 200, dtype=np.int32)
        now = self.days[(self.weekdays < 5) & ~self.is_bank_holiday]
        return np.concatenate([now, later[(later + 3) % 7 < 5]])

    def years_since_end(self) -> Weights:
        return np.asarray((self.days - self.days[-1]) / 365.25, dtype=np.float64)
