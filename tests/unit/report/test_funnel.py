"""Limits of a funnel plot: a case worked by hand, and areas in which there is nothing to find."""

import random
from math import sqrt

import pytest

from sightline.report.funnel import ALARM, Funnel, Measured, chance, fit, winsorised


def areas(*values: float, size: float = 100) -> list[Measured]:
    return [Measured(f"area {at}", size, value) for at, value in enumerate(values)]


def test_limits_equal_a_case_worked_by_hand() -> None:
    """Four areas of 100 children each: 10, 20, 30 and 20 per cent.

    Together 20; by chance sqrt(20 * 80 / 100) = 4. The squares of the four scores add up to three,
    as those of chance do, where 200 / (16 + between) = 3: the variance between is 50.667, so the
    standard deviation is sqrt(16 + 50.667) = 8.165, and 1.96 of it 16.003.
    """
    funnel = fit("proportion", 100, areas(10, 20, 30, 20))
    assert funnel is not None
    assert funnel.target == 20
    assert funnel.between**2 == pytest.approx(50.667, abs=0.001)
    assert funnel.limits(100) == pytest.approx((3.997, 36.003), abs=0.001)
    # Of 400 children chance is 2, and sqrt(4 + 50.667) = 7.394.
    assert funnel.limits(400) == pytest.approx((20 - 14.491, 20 + 14.491), abs=0.001)
    assert funnel.score(Measured("a", 100, 36.003)) == pytest.approx(1.96, abs=0.001)


def test_limits_of_a_rate_are_those_of_a_count() -> None:
    """400 a year for 10,000 children: of 10,000 children 400 are counted, plus or minus 20."""
    funnel = Funnel("rate", 10_000, 400, 0)
    assert funnel.limits(10_000) == pytest.approx((400 - 39.2, 400 + 39.2))
    assert funnel.limits(40_000) == pytest.approx((400 - 19.6, 400 + 19.6))
    # Twelve times the count of one month: an event more moves the rate by twelve.
    assert chance("rate", 120_000, 400, 10_000) == pytest.approx(20 * sqrt(12))


def test_where_chance_explains_all_there_is_nothing_between() -> None:
    funnel = fit("proportion", 100, areas(18, 20, 22, 20))
    assert funnel is not None
    assert funnel.between == 0
    assert funnel.limits(100) == pytest.approx((20 - 7.84, 20 + 7.84))


def test_limits_end_where_shares_end() -> None:
    funnel = fit("proportion", 100, areas(2, 5, 1, 0, size=20))
    assert funnel is not None
    assert funnel.limits(20, ALARM)[0] == 0
    assert Funnel("proportion", 100, 97, 0).limits(20)[1] == 100
    assert Funnel("rate", 10_000, 97, 0).limits(20)[1] > 100


@pytest.mark.parametrize("held", [areas(), areas(1, 2), areas(0, 0, 0), areas(100, 100, 100)])
def test_there_are_no_limits_without_anything_to_compare(held: list[Measured]) -> None:
    assert fit("proportion", 100, held) is None
    assert fit("proportion", 100, areas(1, 2, 3)) is not None


def test_outliers_do_not_hide_themselves() -> None:
    assert winsorised([*range(1, 20), 1000]) == [3, 3, *range(3, 19), 18, 18]
    assert winsorised([1, 5, 2]) == [1, 5, 2]


@pytest.mark.parametrize("between", [0.0, 40.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nineteen_of_twenty_areas_without_an_effect_lie_inside(between: float, seed: int) -> None:
    """Rates of areas that differ by chance, and by what areas differ in, and by nothing else."""
    made = random.Random(seed)  # noqa: S311
    held = []
    for at in range(2000):
        size = made.choice([8_000, 20_000, 60_000, 150_000])
        usual = made.gauss(400, between)
        value = made.gauss(usual, sqrt(usual * 10_000 / size))
        held.append(Measured(str(at), size, value))
    funnel = fit("rate", 10_000, held)
    assert funnel is not None
    assert funnel.between == pytest.approx(between, abs=8)
    for size in (8_000, 150_000):
        those = [area for area in held if area.size == size]
        low, high = funnel.limits(size)
        inside = sum(low <= area.value <= high for area in those) / len(those)
        assert 0.92 <= inside <= 0.975
    low, high = zip(*(funnel.limits(area.size) for area in held), strict=True)
    inside = sum(a <= area.value <= b for a, area, b in zip(low, held, high, strict=True))
    assert 0.93 <= inside / len(held) <= 0.965
