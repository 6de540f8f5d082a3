"""What is known of a count how long after its period, learned from earlier submissions."""

import numpy as np
import pytest

from sightline.monitoring.detection.completeness import learn

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def history(areas: int = 30, periods: int = 14, *, share: float = 0.8) -> tuple[Array, Array]:
    """Counts as first known and one month later, and as they are now."""
    chance = np.random.default_rng(2)
    final = chance.poisson(300, (areas, periods)).astype(float)
    first = chance.binomial(final.astype(int), share).astype(float)
    later = chance.binomial(final.astype(int), 0.96).astype(float)
    return np.stack([first, later], axis=2), final


def test_the_share_known_at_each_age_is_learned() -> None:
    known = learn(*history())
    assert known.share[:, 0] == pytest.approx(0.8, abs=0.03)
    assert known.share[:, 1] == pytest.approx(0.96, abs=0.02)
    assert (known.variance[:, 0] > known.variance[:, 1]).all()


def test_only_the_last_twelve_periods_teach() -> None:
    reported, final = history(periods=30)
    reported[:, :18, 0] = np.rint(final[:, :18] * 0.3)
    assert learn(reported, final).share[:, 0] == pytest.approx(0.8, abs=0.03)


def test_an_area_that_sends_late_has_a_share_of_its_own() -> None:
    reported, final = history()
    reported[4, :, 0] = np.rint(final[4] * 0.4)
    known = learn(reported, final)
    assert known.share[4, 0] == pytest.approx(0.45, abs=0.06)
    assert known.share[5, 0] == pytest.approx(0.8, abs=0.04)


def test_an_area_without_history_borrows_from_the_others() -> None:
    reported, final = history()
    reported[4] = np.nan
    known = learn(reported, final)
    assert known.share[4] == pytest.approx(known.share[5], abs=0.03)
    assert np.isfinite(known.variance[4]).all()


def test_erratic_senders_are_less_certain() -> None:
    reported, final = history()
    reported[4, ::2, 0] = np.rint(final[4, ::2] * 0.5)
    known = learn(reported, final)
    assert known.variance[4, 0] > 3 * np.median(known.variance[:, 0])


def test_nothing_is_learned_from_two_months_nor_from_what_is_not_final() -> None:
    reported, final = history()
    final[:, 2:] = np.nan
    known = learn(reported, final)
    assert np.isnan(known.share).all()
    assert np.isnan(known.variance).all()


def test_no_history_at_all_says_nothing() -> None:
    reported, final = history()
    known = learn(np.full_like(reported, np.nan), final)
    assert np.isnan(known.share).all()
