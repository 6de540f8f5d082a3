"""A rank is told as far as the figures know it."""

from typing import Any

import pytest
from test_findings import INDEX, RATE, SHARE

from sightline.report.data import Point
from sightline.report.ranks import Interval, Standing, intervals, standings

OF_EXPECTED = "share_of_expected"


def point(value: float | None, **more: Any) -> Point:
    return Point(**dict.fromkeys(Point._fields) | {"value": value} | more)


def only(one: Point, about: Any = RATE) -> Interval | None:
    return intervals({"a": one}, about).get("a")


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Worked by hand: 10 of 100, and z = 1.96."""
    found = only(point(10.0, numerator=10, denominator=100), SHARE)
    assert found == pytest.approx((5.523, 17.437), abs=0.001)


def test_the_interval_of_a_rate_is_that_of_its_count() -> None:
    """Byar's interval of 100 events is 81.36 to 121.63; here 2 stands for each."""
    found = only(point(200.0, numerator=100, denominator=5000), RATE)
    assert found == pytest.approx((2 * 81.36, 2 * 121.63), abs=0.02)


def test_no_event_has_an_upper_end_alone() -> None:
    """What one event stands for is taken from another area."""
    held = {
        "none": point(0.0, numerator=0, denominator=5000),
        "some": point(200.0, numerator=100, denominator=5000),
    }
    assert intervals(held, RATE)["none"] == pytest.approx((0, 2 * 3.668), abs=0.001)


def test_counts_that_vary_more_than_chance_have_a_wider_interval() -> None:
    plain = only(point(200.0, numerator=100, denominator=5000, dispersion=1.0))
    wide = only(point(200.0, numerator=100, denominator=5000, dispersion=4.0))
    less = only(point(200.0, numerator=100, denominator=5000, dispersion=0.5))
    assert plain is not None
    assert wide is not None
    assert wide.upper - wide.lower == pytest.approx(2 * (plain.upper - plain.lower), rel=0.03)
    assert wide.lower < 200 < wide.upper
    assert less == plain


def test_an_estimate_is_known_within_its_likely_range_and_an_index_not_at_all() -> None:
    estimate = point(40.0, lower=30.0, upper=60.0, numerator=10, denominator=25)
    assert only(estimate, RATE.__class__(**vars(RATE) | {"kind": OF_EXPECTED})) == (30.0, 60.0)
    assert only(estimate, INDEX) is None


@pytest.mark.parametrize(
    "one",
    [
        point(None, numerator=10, denominator=100),
        point(10.0, denominator=100),
        point(10.0, numerator=10),
        point(10.0, numerator=10, denominator=0),
    ],
)
def test_what_is_withheld_or_not_divided_has_no_interval(one) -> None:
    assert only(one, SHARE) is None
    assert only(one, RATE) is None


def test_places_are_those_that_no_other_interval_contradicts() -> None:
    held = {
        "low": Interval(0, 1),
        "one": Interval(2, 4),
        "two": Interval(3, 5),
        "touching": Interval(5, 6),
        "high": Interval(7, 8),
    }
    found = standings(held, "down")
    assert found["low"] == Standing(1, 1, 5, "lowest")
    assert found["one"] == Standing(2, 3, 5, "lowest")
    assert found["two"] == Standing(2, 4, 5, "lowest")
    assert found["touching"] == Standing(2, 3, 5, "highest")
    assert found["high"] == Standing(1, 1, 5, "highest")


def test_the_middle_is_counted_from_the_end_that_is_worse() -> None:
    held = {str(one): Interval(one, one + 0.5) for one in range(3)}
    assert standings(held, "down")["1"].end == "lowest"
    assert standings(held, "up")["1"].end == "highest"


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(1, 1, 145, "lowest"), "Lowest of 145"),
        (Standing(3, 3, 145, "highest"), "3rd highest of 145"),
        (Standing(1, 12, 145, "lowest"), "Among the 12 lowest of 145"),
        (Standing(2, 23, 145, "lowest"), "2nd to 23rd lowest of 145"),
        (Standing(1, 5, 10, "lowest"), "Among the 5 lowest of 10"),
        (Standing(1, 6, 10, "lowest"), "Too close to rank"),
        (Standing(30, 110, 145, "lowest"), "Too close to rank"),
    ],
)
def test_places_over_more_than_half_are_no_rank(standing, said) -> None:
    assert standing.words == said


def test_one_alone_is_not_ranked() -> None:
    assert not standings({"a": Interval(1, 2)}, "down")["a"].is_known
