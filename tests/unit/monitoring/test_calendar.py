"""Easter, and the school days of a month."""

from datetime import date

import pytest

from sightline.monitoring.detection.calendar import easter_sunday, school_days


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5))],
)
def test_easter_falls_where_the_almanac_says(year, sunday):
    assert easter_sunday(year) == sunday


def test_the_late_may_week_moves_school_days_from_june_to_may():
    may, june = school_days([date(2021, 5, 1), date(2021, 6, 1)])
    later_may, later_june = school_days([date(2026, 5, 1), date(2026, 6, 1)])
    assert (may, june) == (19, 18)
    assert (later_may, later_june) == (15, 22)


def test_august_has_one_day_so_that_nothing_is_divided_by_none():
    assert school_days([date(2026, 8, 1)]).tolist() == [1.0]
