"""Easter falls where it fell."""

from datetime import date

import pytest

from monitoring.detection.calendar import easter_in_march, easter_sunday


@pytest.mark.parametrize(
    "day",
    [date(2016, 3, 27), date(2018, 4, 1), date(2020, 4, 12), date(2024, 3, 31), date(2025, 4, 20)],
)
def test_easter_sunday(day: date) -> None:
    assert easter_sunday(day.year) == day


def test_an_early_easter_takes_from_march_and_gives_to_april() -> None:
    february, march, april = easter_in_march(date(2024, month, 1) for month in (2, 3, 4))
    assert february == 0
    assert march > 0.1
    assert april == -march
