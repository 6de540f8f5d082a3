"""An alert stays open until the level has come back, however long ago the change was."""

from datetime import date

import numpy as np
import pytest
from marts import Marts
from panels import months, panel, people

from sightline.monitoring import signals
from sightline.monitoring.alerts.evaluate import findings
from sightline.monitoring.alerts.findings import Alert, Decisions
from sightline.monitoring.alerts.lifecycle import decide
from sightline.monitoring.detection import lasting
from sightline.monitoring.detection.lasting import Changes
from sightline.monitoring.detection.monitor import Judgements, judge
from sightline.monitoring.detection.panel import COLD_ROUNDS, STEP_VARIANCE, WARM_ROUNDS, Fit, fit
from sightline.warehouse.alert_terms import LIVE

pytestmark = pytest.mark.slow

AREA, ONSET, LASTS, PERIODS = 3, 60, 24, 96


def fallen(share: float, *, lasts: int = LASTS) -> np.ndarray:
    """A panel in which one area loses a share for some months and then has it back."""
    counts = panel(areas=20, periods=PERIODS)
    counts[AREA, ONSET : ONSET + lasts] = np.rint(counts[AREA, ONSET : ONSET + lasts] * (1 - share))
    return counts


def alerts_after(counts: np.ndarray, periods: list[int]) -> list[list[str]]:
    """The states of the area's alert after each of these runs, each with so many months."""
    known: dict[str, Alert] = {}
    states = []
    for count in periods:
        marts = Marts(counts[:, :count], first=date(2018, 9, 1))
        connection = marts.write()
        signals.detect(connection, marts.last)
        decided: Decisions = decide(findings(connection), known.values(), marts.last)
        known |= {alert.alert_id: alert for alert in decided.alerts}
        states.append([a.state for a in known.values() if a.area_code == f"E06{AREA:06d}"])
    return states


def test_a_fall_of_a_fifth_is_open_for_its_two_years_and_closes_once_it_has_come_back() -> None:
    months = [ONSET + since for since in (12, 18, 24, 30)]
    *during, after = alerts_after(fallen(0.2), months)
    assert all(len(states) == 1 and states[0] in LIVE for states in during)
    assert after == ["resolved"]


def judged(counts: np.ndarray, changes: Changes | None = None) -> Judgements:
    return judge(counts, people(counts), months(counts.shape[1]), tested=12, changes=changes)


def known_since(period: int) -> Changes:
    changes = Changes.none(20)
    changes.began[AREA, 0], changes.last_found[AREA, 0] = period, period + 12
    return changes


def test_a_change_from_before_the_judged_months_lasts_if_it_is_known_of() -> None:
    counts = fallen(0.2, lasts=PERIODS)
    known = judged(counts, known_since(ONSET))
    assert known.fall_lasts[AREA].all()
    assert not known.rise_lasts[AREA].any()
    assert known.fall_lasts[:, -1].sum() <= 3


def test_a_change_that_is_over_does_not_last_three_months_later() -> None:
    counts = fallen(0.3, lasts=PERIODS - ONSET - 3)
    known = judged(counts, known_since(ONSET))
    assert known.fall_lasts[AREA, :-3].all()
    assert not known.fall_lasts[AREA, -1]


def fitted(counts: np.ndarray, start: Fit | None = None) -> Fit:
    rounds = WARM_ROUNDS if start else COLD_ROUNDS
    of = months(counts.shape[1])
    return fit(counts, people(counts), of, start=start, rounds=rounds)


def test_a_level_shift_found_just_now_is_not_taken_out_of_what_does_not_allow_for_it() -> None:
    found = fitted(fallen(0.3, lasts=PERIODS))
    assert found.steps[AREA] == ONSET
    assert found.freed[AREA] == 0
    without = lasting._without_step(found, AREA, ONSET)
    assert np.array_equal(without, found.precision[AREA])


def test_a_level_shift_that_is_allowed_for_is_taken_out() -> None:
    counts = fallen(0.3, lasts=PERIODS)
    allowed = fitted(counts, fitted(counts))
    assert allowed.freed[AREA] == ONSET
    covariance = np.linalg.inv(allowed.precision[AREA])
    covariance[:ONSET, :ONSET] -= STEP_VARIANCE
    without = lasting._without_step(allowed, AREA, ONSET)
    assert np.allclose(without @ covariance, np.eye(PERIODS), atol=1e-6)
    assert np.linalg.eigvalsh(without).min() > 0


FOUND_FOR = 13  # months, in known_since


def is_over(share: float, rest: float, months_since: int, *, unknown: int = 0) -> bool:
    """Whether a fall is over that was found, and of which a rest was left for some months."""
    counts = fallen(share, lasts=FOUND_FOR)[:, : ONSET + FOUND_FOR + months_since]
    counts[AREA, ONSET + FOUND_FOR :] = np.rint(counts[AREA, ONSET + FOUND_FOR :] * (1 - rest))
    counts[AREA, counts.shape[1] - unknown :] = np.nan
    fit = fitted(counts)
    fit = fitted(counts, fit)
    return lasting._is_over(fit, counts, AREA, slice(ONSET, ONSET + FOUND_FOR), -1)


@pytest.mark.parametrize(("rest", "over"), [(0.15, True), (0.18, False), (0.3, False)])
def test_a_change_is_over_once_half_a_year_since_shows_less_than_half_of_it(
    rest: float, over: bool
) -> None:
    assert is_over(0.3, rest, 6) is over


def test_half_a_year_is_given_to_what_was_found_and_counts_known_months_alone() -> None:
    assert not is_over(0.3, 0.15, 5)
    assert not is_over(0.3, 0.15, 6, unknown=1)
    assert is_over(0.3, 0.15, 7, unknown=1)


@pytest.mark.parametrize(("share", "lasts"), [(0.3, True), (-0.3, False)])
def test_a_level_shift_that_the_first_fit_finds_leaves_open_what_is_not_over_alone(
    share: float, lasts: bool
) -> None:
    with np.errstate(invalid="raise"):
        known = judged(fallen(share, lasts=PERIODS), known_since(ONSET))
    assert (known.fall_lasts[AREA] == lasts).all()


def test_a_worsening_goes_on_from_a_mark_until_it_does_not_last() -> None:
    kind = np.array([[None, "spike", "sustained", None, None, None, "sustained"]], dtype=object)
    lasts = np.array([[True, True, True, True, False, True, True]])
    goes_on, is_over = signals._lasting(kind, lasts, np.array([False]))
    assert goes_on[0].tolist() == [False, False, True, True, False, False, True]
    assert is_over[0].tolist() == [False, False, False, False, True, True, False]
