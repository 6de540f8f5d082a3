"""The corner of those more exposed of whom fewer are identified: both sides must have moved."""

from datetime import date

import pytest

from sightline.monitoring import joint
from sightline.report import sides
from sightline.report.data import Point, Series
from sightline.report.sides import distance, half_year, of_areas

EXPOSURE, IDENTIFICATION = ("suspensions", "missing"), ("referrals", "factors")


def month(
    number: int, value: float | None, *, expected: float = 100.0, half: float = 25.76
) -> Point:
    """A month with a standard deviation of ten."""
    start = date(2026, number, 1)
    given = {"period_start": start, "period_end": start, "value": value, "expected": expected,
             "lower": expected - half, "upper": expected + half,
             "is_provisional": False, "is_revised": False}  # fmt: skip
    return Point(**{name: given.get(name) for name in Point._fields})


def series(*values: float | None) -> Series:
    points = tuple(month(number, value) for number, value in enumerate(values, start=1))
    return Series("suspensions", "month", "extracts", "total", points)


def test_a_distance_is_in_standard_deviations_the_worrying_way_and_clipped() -> None:
    assert distance(month(1, 110.0), 1) == pytest.approx(1)
    assert distance(month(1, 110.0), -1) == pytest.approx(-1)
    assert distance(month(1, 400.0), 1) == sides.CLIP
    assert distance(month(1, 400.0), -1) == -sides.CLIP
    assert distance(month(1, None), 1) is None
    assert distance(month(1, 110.0, half=0.0), 1) is None


def test_half_a_year_needs_four_of_its_months() -> None:
    last = date(2026, 6, 1)
    assert half_year(series(110, 110, 110, 110, None, None), last, 1) == pytest.approx(2)
    assert half_year(series(110, 110, 110, None, None, None), last, 1) is None
    assert half_year(series(900, 110, 110, 110, 110, 110, 110), date(2026, 7, 1), 1) == (
        pytest.approx(6**0.5)
    )
    assert half_year(None, last, 1) is None


def area(exposed: float | None, unseen: float | None) -> dict[str, float | None]:
    return {"suspensions": exposed, "missing": exposed, "referrals": unseen, "factors": unseen}


def in_corner(parts: dict[str, dict[str, float | None]]) -> set[str]:
    return {one.key for one in of_areas(parts, EXPOSURE, IDENTIFICATION) if one.is_in_corner}


def test_risk_up_and_fewer_seen_is_the_corner_and_one_side_alone_is_not() -> None:
    ordinary = {f"{n}": area((n % 5 - 2) * 0.3, (n % 7 - 3) * 0.25) for n in range(35)}
    assert in_corner(
        {
            **ordinary,
            "both": area(3.0, 3.0),
            "fall alone": area(0.0, 5.0),
            "fall of risk too": area(-3.0, 5.0),
            "rise alone": area(5.0, 0.0),
            "better": area(3.0, -3.0),
            "half known": area(3.0, None),
        }
    ) == {"both"}


@pytest.mark.parametrize(("moved", "is_in"), [(0.70, False), (0.71, True)])
def test_each_side_must_have_moved_by_a_standard_deviation(moved: float, is_in: bool) -> None:
    """The mean of two parts has a standard deviation of 0.707 by chance."""
    assert (in_corner({"one": area(moved, 3.0)}) == {"one"}) == is_in
    assert (in_corner({"one": area(3.0, moved)}) == {"one"}) == is_in


def test_where_areas_differ_more_than_chance_makes_them_more_is_needed() -> None:
    apart = {f"{number}": area((-1) ** number * 4.0, 0.0) for number in range(20)}
    assert in_corner({**apart, "one": area(3.0, 3.0)}) == set()
    assert in_corner({**apart, "one": area(9.0, 3.0)}) == {"one"}


def test_parts_agree_disagree_or_are_missing() -> None:
    [one] = of_areas(
        {"a": {"suspensions": 1.0, "missing": -1.0, "referrals": 0.99, "factors": None}},
        EXPOSURE, IDENTIFICATION,
    )  # fmt: skip
    assert [part.state for part in one.parts] == ["agrees", "disagrees", "as usual", "missing"]
    assert (one.count("agrees"), one.count("disagrees"), one.count("missing")) == (1, 1, 1)


def test_months_are_taken_together_as_the_judgement_takes_them() -> None:
    """The picture is of released figures; only what it is made of may differ."""
    taken = (joint.CLIP, joint.QUANTILE, joint.FEWEST_MONTHS, joint._together_in("divergence"))
    assert taken == (sides.CLIP, sides.QUANTILE, sides.FEWEST, sides.MONTHS)
