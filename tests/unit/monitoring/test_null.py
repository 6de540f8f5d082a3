"""The null of a panel: areas that changed do not move what "no change" means."""

import numpy as np
import pytest

from sightline.monitoring.detection.null import against_null, location


def scores(areas: int = 150, kinds: int = 2) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(4).normal(0.0, 1.0, (areas, kinds))


def test_a_quarter_that_fell_does_not_move_the_null() -> None:
    given = scores(600)
    given[:150] -= 3.5
    assert abs(location(given)).max() < 0.15
    assert abs(given.mean(0)).min() > 0.7


def test_a_shift_of_all_is_found() -> None:
    assert location(scores(600) + 0.5) == pytest.approx(0.5, abs=0.1)


def test_scores_that_are_not_known_count_nothing() -> None:
    given = scores(600) + 0.5
    given[::3] = np.nan
    given[:, 1] = np.nan
    found = location(given)
    assert found[0] == pytest.approx(0.5, abs=0.15)
    assert found[1] == 0.0


def test_a_narrow_spread_is_not_made_wider_and_a_wide_one_is_divided() -> None:
    narrow = np.repeat(0.5 * scores()[:, None, :], 12, axis=1)
    wide = np.repeat(2.0 * scores()[:, None, :], 12, axis=1)
    assert against_null(narrow)[:, -1].std() == pytest.approx(0.5, abs=0.05)
    assert against_null(wide)[:, -1].std() == pytest.approx(1.0, abs=0.15)


def test_few_areas_are_left_as_they_are() -> None:
    given = np.repeat(2.0 * scores(10)[:, None, :], 12, axis=1)
    assert np.array_equal(against_null(given), given)
