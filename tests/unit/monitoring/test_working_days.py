"""Bank holidays of England are no working days."""

from datetime import date

import pytest

from sightline.monitoring import working_days

# As published at https://www.gov.uk/bank-holidays.
PUBLISHED = {
    2016: "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27",
    2017: "01-02 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_bank_holidays_are_those_that_are_published(year: int) -> None:
    found = sorted(working_days.bank_holidays(year))
    assert " ".join(f"{day:%m-%d}" for day in found) == PUBLISHED[year]


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 0),
        (date(2026, 11, 20), date(2026, 11, 22), 0),
        (date(2026, 11, 20), date(2026, 11, 27), 5),
        (date(2026, 12, 23), date(2026, 12, 31), 4),
        (date(2026, 12, 23), date(2027, 1, 1), 4),
        (date(2026, 12, 23), date(2027, 1, 4), 5),
    ],
)
def test_days_between_leave_out_weekends_and_bank_holidays(
    first: date, last: date, days: int
) -> None:
    assert working_days.between(first, last) == days
