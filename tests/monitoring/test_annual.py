"""Yearly figures: limits of an area's own, net of England; breaks; and the stated limits."""

import numpy as np
import pytest

from monitoring.detection import annual

YEARS = 12
RATE = 0.05
PEOPLE = 40_000.0


def ordinary(areas: int = 150, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Counts and people of areas that wander by 16 % a year, as the published referrals do."""
    draw = np.random.default_rng(seed)
    level = draw.normal(0, 0.11, (areas, YEARS)) + draw.normal(0, 0.3, (areas, 1))
    people = np.full((areas, YEARS), PEOPLE)
    return draw.poisson(RATE * PEOPLE * np.exp(level)).astype(float), people


def judged(counts: np.ndarray, people: np.ndarray) -> annual.Years:
    return annual.judge(counts, people, counts.sum(0) / people.sum(0))


def test_ordinary_years_are_not_marked() -> None:
    years = judged(*ordinary())
    assert years.is_judged[:, 4:].all(1).sum() > 140
    assert (years.falls | years.rises).sum() <= 3
    assert years.breaks.sum() <= 5


def test_two_years_far_below_the_three_before_are_a_fall() -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, -2:] *= [0.70, 0.45]
    years = judged(counts, people)
    assert years.falls[7, -1]
    assert not years.breaks[7].any()
    assert years.p_fall[7, -1] < 0.001


def test_one_low_year_alone_is_no_fall() -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, -1] *= 0.7
    years = judged(counts, people)
    assert years.is_judged[7, -1]
    assert not years.falls[7, -1]


@pytest.mark.parametrize(("factor", "is_break"), [(0.40, True), (0.75, False), (2.2, True)])
def test_a_change_beyond_any_ordinary_year_is_a_break_and_the_history_starts_anew(
    factor: float, is_break: bool
) -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, 6:] *= factor
    years = judged(counts, people)
    assert years.breaks[7, 6] == is_break
    assert years.is_judged[7, 7] == (not is_break)
    assert years.is_judged[7, 8]
    if is_break:
        assert years.expected[7, 8] == pytest.approx(counts[7, 8] / PEOPLE, rel=0.05)


def test_a_movement_of_the_whole_country_marks_no_area() -> None:
    counts, people = ordinary()
    years = judged(np.round(counts * np.where(np.arange(YEARS) >= 9, 0.6, 1.0)), people)
    assert years.falls.sum() <= 1
    assert years.breaks[:, 9].sum() <= 3


def test_missing_small_and_first_years_are_not_judged() -> None:
    counts, people = ordinary()
    counts[7, 5] = np.nan
    counts[8] = 20
    years = judged(counts, people)
    assert not years.is_judged[7, 5]
    assert years.is_judged[7, 6]
    assert not years.is_judged[8].any()
    assert not years.is_judged[:, : annual.FEWEST_BEFORE].any()


def test_no_year_is_judged_by_what_came_after_it() -> None:
    counts, people = ordinary()
    whole = judged(counts, people)
    part = judged(counts[:, :9], people[:, :9])
    for name in ("score", "expected", "p_fall", "detectable"):
        np.testing.assert_allclose(getattr(whole, name)[:, :9], getattr(part, name), rtol=1e-12)


@pytest.mark.parametrize(("rate", "marked"), [(93.9, True), (94.1, False), (106.1, True)])
def test_the_stated_limit_is_a_share_of_the_year_before(rate: float, marked: bool) -> None:
    [[_, share]] = annual.beyond(np.array([[100.0, rate]]), 0.06)
    assert (abs(share) > 1) == marked
    assert (share > 0) == (rate > 100)
