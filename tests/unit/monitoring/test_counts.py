"""Scores of single counts, and which of many to believe."""

import numpy as np
import pytest

from sightline.monitoring.detection import counts as tails
from sightline.monitoring.detection.discovery import discoveries


def test_a_count_at_its_expectation_scores_about_nothing() -> None:
    z = tails.score(np.array([100.0]), np.array([100.0]), np.array([150.0]))
    assert abs(z[0]) < 0.1


def test_high_and_low_counts_have_opposite_signs() -> None:
    z = tails.score(np.array([140.0, 60.0]), np.full(2, 100.0), np.full(2, 150.0))
    assert z[0] > 2.5
    assert z[1] < -2.5


def test_no_events_at_all_is_low_where_many_were_expected() -> None:
    z = tails.score(np.zeros(2), np.array([20.0, 0.5]), np.array([25.0, 0.6]))
    assert z[0] < -4
    assert z[1] > -1


def test_an_unknown_count_has_no_score() -> None:
    assert np.isnan(tails.score(np.array([np.nan]), np.array([5.0]), np.array([6.0]))[0])


def test_an_extreme_count_has_a_finite_score() -> None:
    assert tails.score(np.array([1e6]), np.array([5.0]), np.array([6.0]))[0] == 12.0


def test_limits_hold_the_mean() -> None:
    lower, upper = tails.limits(np.array([50.0]), np.array([80.0]), 0.01)
    assert lower[0] < 50 < upper[0]


def test_limits_leave_out_half_a_hundredth_on_each_side() -> None:
    lower, upper = tails.limits(np.array([500.0]), np.array([800.0]), 0.01)
    reach = 2.576 * 800**0.5
    assert (lower[0], upper[0]) == pytest.approx((500 - reach, 500 + reach), abs=4)


def test_a_sparse_series_cannot_be_called_low() -> None:
    chance = tails.chance_of_none(np.array([2.0, 40.0]), np.array([2.5, 60.0]))
    assert chance[0] > 0.005 > chance[1]


@pytest.mark.parametrize(("smallest", "kept"), [(0.011, 0), (0.010, 1), (0.009, 1)])
def test_the_rate_of_false_discoveries_holds_at_the_line(smallest: float, kept: int) -> None:
    p = np.array([smallest, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
    assert discoveries(p, 0.10).sum() == kept


def test_what_was_not_tested_is_no_discovery() -> None:
    assert discoveries(np.array([np.nan, 0.001]), 0.1).tolist() == [False, True]
    assert not discoveries(np.array([np.nan]), 0.1).any()
