"""What a chart shows, in one line."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sightline.report.data import Indicator, Point, Series
from sightline.report.findings import finding

RATE = Indicator(
    indicator="referral_rate", code="A1", family="identification", name="Referral rate",
    definition="", kind="rate", unit="per 10,000 children a year", official_unit=None, decimals=1,
    bad_direction="down", is_monitored=True, period_type="month", source="", lag_days=20,
    why_it_matters="", what_to_check="", other_explanations="", owner="", reviewed_on=None,
    short_name="", short_definition="", counted="",
)  # fmt: skip
SHARE = replace(RATE, kind="proportion", unit="per cent of referrals")
INDEX = replace(RATE, kind="index", unit="standard deviations")


def point(year: int, value: float | None, **more: Any) -> Point:
    plain = dict.fromkeys(Point._fields) | {
        "period_start": date(year, 10, 1), "period_end": date(year, 10, 31), "value": value,
    }  # fmt: skip
    return Point(**plain | more)


def found(
    newest: Point, *before: Point, about: Indicator = RATE, period_type: str = "month"
) -> str:
    series = Series("referral_rate", period_type, "extracts", "total", (*before, newest))
    return finding(series, newest, about)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (70.0, "30% below expected in October 2026"),
        (130.4, "30% above expected in October 2026"),
        (99.6, "As expected in October 2026"),
        (100.4, "As expected in October 2026"),
        (101.0, "1% above expected in October 2026"),
    ],
)
def test_a_rate_is_told_in_per_cent_of_what_is_expected(value: float, said: str) -> None:
    assert found(point(2026, value, expected=100.0)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (17.0, "3.0 points below expected in October 2026"),
        (20.04, "As expected in October 2026"),
        (20.06, "0.1 points above expected in October 2026"),
    ],
)
def test_a_per_cent_is_told_in_points(value: float, said: str) -> None:
    assert found(point(2026, value, expected=20.0), about=SHARE) == said


def test_what_has_no_expected_value_is_compared_with_the_year_before() -> None:
    before = point(2025, 100.0)
    assert found(point(2026, 88.0), before) == "12% lower than a year before in October 2026"
    assert found(point(2026, 100.0), before) == "As a year before in October 2026"
    assert found(point(2026, 88.0), point(2025, None)) == "88.0 in October 2026"
    assert found(point(2026, 88.0), point(2024, 100.0)) == "88.0 in October 2026"


def month(number: int, value: float | None, **more: Any) -> Point:
    start = {"period_start": date(2026, number, 1), "period_end": date(2026, number, 28)}
    return point(2026, value, expected=100.0, **start, **more)


def test_a_move_that_lasts_is_told_of_all_its_periods_together() -> None:
    lasting = {"status": "worsening", "kind": "sustained"}
    before = [month(6, 10.0, status="ok"), month(7, 50.0, **lasting),
              month(8, None, status="not_assessable"), month(9, 60.0, **lasting)]  # fmt: skip
    newest = month(10, 130.0, **lasting)
    assert found(newest, *before) == "20% below expected over 3 months to October 2026"
    once = month(10, 130.0, status="worsening", kind="spike")
    assert found(once, *before) == "30% above expected in October 2026"
    assert found(newest) == "30% above expected in October 2026"


def test_nothing_is_told_in_per_cent_of_nought_or_less() -> None:
    assert (
        found(point(2026, 2.0, expected=0.0), about=INDEX)
        == "2.0 standard deviations above expected in October 2026"
    )
    assert found(point(2026, -1.0, expected=-3.0), about=INDEX).startswith("2.0 standard")


def test_periods_read_well_in_a_line() -> None:
    newest = point(2026, 5.0)
    assert found(newest, period_type="week") == "5.0 in the week of 1 October 2026"
    assert found(newest, period_type="financial_year") == "5.0 in the year to October 2026"
    assert found(point(2026, None)) == "No figure in October 2026"
