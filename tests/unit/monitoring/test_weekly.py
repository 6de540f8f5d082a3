"""Weekly series: bursts and falls."""

import numpy as np
from methods import weekly

TESTED = np.arange(440, 468)


def series(count: int = 30) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    chance = np.random.default_rng(5)
    season = 20 * np.exp(0.4 * np.cos(2 * np.pi * np.arange(468) / 52))
    return chance.poisson(season, (count, 468)).astype(float)


def test_quiet_weeks_seldom_alarm() -> None:
    judged = weekly.judge(series(), TESTED)
    assert (judged.one > 2.326).mean() < 0.02


def test_two_high_weeks_are_a_burst() -> None:
    counts = series()
    counts[4, 450:452] += 25
    judged = weekly.judge(counts, TESTED)
    assert judged.burst[4, 11] > 3.5


def test_eight_low_weeks_are_a_fall() -> None:
    counts = series()
    counts[4, 450:458] = np.floor(counts[4, 450:458] * 0.6)
    judged = weekly.judge(counts, TESTED)
    assert judged.fall[4, 17] > 3.5


def test_no_week_nor_the_ten_before_it_move_what_is_expected_of_it() -> None:
    counts = series()
    changed = np.array(counts)
    changed[:, 430:] *= 3
    before, after = (weekly._expected(each, 440)[0][:, 440] for each in (counts, changed))
    np.testing.assert_allclose(before, after)
