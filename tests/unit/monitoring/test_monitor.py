"""The panel model finds what one area does by itself and leaves the rest alone."""

import numpy as np
import pytest
from panels import changed, months, panel, people

from sightline.monitoring.detection.monitor import judge
from sightline.monitoring.detection.panel import Variances, fit
from sightline.monitoring.detection.rhythm import MONTHS_ALONE

pytestmark = pytest.mark.slow


def test_a_fall_of_a_third_in_one_area_is_found_there_and_nowhere_else() -> None:
    counts = changed(panel(), 3, 0.67, last=4)
    judged = judge(counts, people(counts), months(72), tested=1)
    found = np.flatnonzero(judged.p_sustained(-1)[:, -1] < 1e-4)
    assert found.tolist() == [3]
    assert judged.p_sustained(1)[3, -1] > 0.1


def test_a_rise_is_found_in_the_other_direction() -> None:
    counts = changed(panel(), 3, 1.4, last=4)
    judged = judge(counts, people(counts), months(72), tested=1)
    assert judged.p_sustained(1)[3, -1] < 0.001


def test_one_bad_month_is_a_spike_and_seldom_a_trend() -> None:
    counts = panel(areas=80)
    for area in range(8):
        counts = changed(counts, area, 0.5, last=1)
    judged = judge(counts, people(counts), months(72), tested=1)
    assert (judged.p_one(-1)[:8, -1] < 0.001).all()
    assert (judged.p_sustained(-1)[:8, -1] < 0.005).sum() <= 2


def test_a_national_fall_is_not_a_fall_of_every_area() -> None:
    counts = panel()
    counts[:, -2:] = np.rint(counts[:, -2:] * 0.6)
    judged = judge(counts, people(counts), months(72), tested=1)
    assert (judged.p_sustained(-1)[:, -1] < 0.01).mean() < 0.1
    assert judged.national[-1] < -0.3


def test_without_a_national_effect_the_fall_is_seen_in_each() -> None:
    counts = panel(areas=10, mean=5000)
    counts[:, -2:] = np.rint(counts[:, -2:] * 0.6)
    judged = judge(counts, people(counts), months(72), tested=1, has_national_effect=False)
    assert (judged.p_one(-1)[:, -1] < 0.001).all()


def test_a_national_fall_is_seen_when_months_are_judged_one_after_the_other() -> None:
    counts = panel(areas=10, mean=5000)
    counts[:, -4:] = np.rint(counts[:, -4:] * 0.8)
    judged = judge(counts, people(counts), months(72), tested=12, has_national_effect=False)
    assert (judged.p_sustained(-1)[:, -1] < 0.001).all()
    assert (judged.p_sustained(-1)[:, :6] > 0.01).mean() > 0.9


def test_a_closure_in_the_first_winter_is_not_what_later_winters_are_measured_by() -> None:
    counts = panel(areas=10, mean=5000, periods=60)
    counts[:, 3:6] = np.rint(counts[:, 3:6] * 0.05)
    judged = judge(
        counts, people(counts), months(60), has_national_effect=False, rhythm=MONTHS_ALONE
    )
    usual = counts[:, -24:].reshape(10, 2, 12)[:, :, 3:6]
    expected = judged.mean.reshape(10, 2, 12)[:, :, 3:6]
    assert (np.abs(usual / expected - 1) < 0.2).all()


def test_august_is_no_fall() -> None:
    counts = panel(areas=10, mean=5000, periods=68)
    judged = judge(counts, people(counts), months(68), tested=1, has_national_effect=False)
    assert (judged.p_one(-1)[:, -1] > 0.01).all()


def test_a_missing_period_is_neither_high_nor_low() -> None:
    counts = panel()
    counts[5, -1] = np.nan
    judged = judge(counts, people(counts), months(72), tested=1)
    assert np.isnan(judged.one[5, -1])
    assert np.isnan(judged.rise[5, -1])
    assert np.isfinite(judged.mean[5, -1])


def test_missing_periods_before_do_not_look_like_a_rise() -> None:
    counts = panel()
    counts[5, -5:-1] = np.nan
    judged = judge(counts, people(counts), months(72), tested=1)
    assert judged.p_sustained(1)[5, -1] > 0.01


def test_no_exposure_is_not_known() -> None:
    """Fault 48."""
    counts = panel()
    exposure = people(counts)
    exposure[5] = 0
    judged = judge(counts, exposure, months(72), tested=1)
    assert np.isnan(judged.one[5, -1])


def test_twice_the_people_and_twice_the_events_is_no_change() -> None:
    counts = changed(panel(), 3, 2.0, last=3)
    exposure = people(counts)
    exposure[3, -3:] *= 2
    judged = judge(counts, exposure, months(72), tested=1)
    assert judged.p_sustained(1)[3, -1] > 0.01


def test_a_new_area_borrows_the_season_of_the_others() -> None:
    counts = panel(periods=68)
    counts[5, :-14] = np.nan
    judged = judge(counts, people(counts), months(68), tested=1)
    assert judged.before[5, -1] == 13
    assert judged.p_one(-1)[5, -1] > 0.01


def test_a_level_that_stays_becomes_the_baseline_and_that_is_said() -> None:
    counts = changed(panel(), 3, 0.6, last=30)
    judged = judge(counts, people(counts), months(72), tested=1)
    assert np.flatnonzero(judged.rebased[:, -1]).tolist() == [3]
    assert judged.p_one(-1)[3, -1] > 0.01


def test_nothing_later_changes_what_was_judged() -> None:
    counts = panel(periods=60)
    shorter = judge(counts[:, :-1], people(counts)[:, :-1], months(59), tested=1)
    later = np.array(counts)
    later[:, -1] *= 3
    longer = judge(later, people(later), months(60), tested=2)
    assert longer.one[:, 0] == pytest.approx(shorter.one[:, 0], abs=0.35)


def test_too_short_a_panel_is_not_judged() -> None:
    counts = panel(periods=10)
    judged = judge(counts, people(counts), months(10))
    assert np.isnan(judged.one).all()


@pytest.mark.timeout(120)
def test_few_alarms_are_false_at_their_nominal_rate() -> None:
    counts = panel(areas=100, periods=84, seed=7)
    judged = judge(counts, people(counts), months(84), tested=12)
    for sign in (-1, 1):
        assert 0.001 < (judged.p_one(sign) < 0.01).mean() < 0.02
        assert 0.001 < (judged.p_sustained(sign) < 0.01).mean() < 0.03


def test_a_provisional_month_is_judged_against_the_share_that_is_usually_known() -> None:
    counts = panel()
    counts[:, -1] = np.rint(counts[:, -1] * 0.8)
    counts[3, -1] = np.rint(counts[3, -1] * 0.5)
    share, spread = np.ones_like(counts), np.zeros_like(counts)
    share[:, -1], spread[:, -1] = 0.8, 0.001
    judged = judge(counts, people(counts) * share, months(72), uncertainty=spread, tested=1)
    assert judged.p_one(-1)[3, -1] < 0.001
    assert (np.delete(judged.p_one(-1)[:, -1], 3) > 0.001).all()
    assert abs(judged.national[-1] - np.log(1.0)) < 0.15


def test_what_is_uncertain_must_change_more_to_be_believed() -> None:
    counts = changed(panel(), 3, 0.67, last=4)
    spread = np.zeros_like(counts)
    certain = judge(counts, people(counts), months(72), tested=1)
    spread[3] = 0.04
    doubtful = judge(counts, people(counts), months(72), uncertainty=spread, tested=1)
    assert doubtful.p_sustained(-1)[3, -1] > 10 * certain.p_sustained(-1)[3, -1]
    assert doubtful.variance[3, -1] > certain.variance[3, -1]
    assert abs(doubtful.detectable[3, -1]) > abs(certain.detectable[3, -1])


@pytest.mark.filterwarnings("error")
def test_a_few_areas_known_only_since_lately_teach_nothing_of_what_is_usual() -> None:
    counts = panel(areas=3, periods=30)
    counts[:, :-5] = np.nan
    learned = fit(counts, people(counts), months(30))
    assert learned.variances == Variances()
    assert learned.noise == pytest.approx(Variances().noise)
