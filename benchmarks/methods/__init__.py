"""What each method says of a panel or of weekly series: scores, larger is worse."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special
from series import FIRST_WEEK, LAGS, TESTED, Panel, Weekly

from methods import farrington, rules, weekly
from sightline.monitoring.detection import completeness
from sightline.monitoring.detection.monitor import judge

Array = NDArray[np.float64]
Scores = dict[str, Array]  # areas x tested periods

MONTHLY = farrington.Settings(half_window=0, seasons=12, left_out=6, per_year=12)
RULES: dict[str, Callable[[Array], Array]] = {
    "EARS C1": lambda counts: rules.ears(counts, gap=0),
    "EARS C2": rules.ears,
    "EARS C3": rules.ears_c3,
    "z-score, 14 points": rules.z_score,
    "same month of three years": rules.same_month,
    "XmR rules": rules.xmr_rules,
}


def sightline(panel: Panel) -> Scores:
    judged = judge(panel.counts, np.ones_like(panel.counts), panel.months, tested=TESTED)
    return {
        "Sightline": normal(judged.p_sustained(panel.sign)),
        "Sightline, one month": panel.sign * judged.one,
    }


def as_reported(panel: Panel, *, corrected: bool) -> Scores:
    """Each month judged with what was known at its end, the newest three months provisional."""
    assert panel.reported is not None  # noqa: S101  (only panels with early counts come here)
    sustained, one = np.full((2, len(panel.counts), TESTED), np.nan)
    first = panel.counts.shape[1] - TESTED
    for place in range(TESTED):
        last = first + place + 1
        counts = np.array(panel.counts[:, :last])
        for lag in range(LAGS):
            counts[:, -1 - lag] = panel.reported[:, last - 1 - lag, lag]
        share, spread = np.ones_like(counts), np.zeros_like(counts)
        if corrected:
            final = np.array(panel.counts[:, :last])
            final[:, -LAGS:] = np.nan
            known = completeness.learn(panel.reported[:, :last], final)
            share[:, -LAGS:], spread[:, -LAGS:] = known.share[:, ::-1], known.variance[:, ::-1]
        judged = judge(counts, share, panel.months[:last], uncertainty=spread, tested=1)
        sustained[:, place] = normal(judged.p_sustained(panel.sign)[:, 0])
        one[:, place] = panel.sign * judged.one[:, 0]
    return {"Sightline": sustained, "Sightline, one month": one}


def flexible_farrington(panel: Panel) -> Scores:
    scores = np.full(panel.counts.shape, np.nan)
    for row, series in enumerate(panel.counts):
        for now in range(panel.counts.shape[1] - TESTED - 6, series.size):
            scores[row, now] = _of_farrington(series, now, MONTHLY)
    return _pair("flexible Farrington", panel.sign * scores)


def simple_rules(panel: Panel) -> Scores:
    found = {}
    for name, rule in RULES.items():
        found |= _pair(name, rule(panel.counts) if panel.sign > 0 else rule(-panel.counts))
    return found


PEERS: tuple[Callable[[Panel], Scores], ...] = (flexible_farrington, simple_rules)


def of_weeks(given: Weekly) -> Scores:
    counts, sign = given.counts, given.sign
    tested = np.arange(FIRST_WEEK, counts.shape[1])
    ours = weekly.judge(counts, tested)
    reference = np.array(
        [
            [_of_farrington(series, int(now), farrington.Settings()) for now in tested]
            for series in counts
        ]
    )
    signed = counts if sign > 0 else -counts
    return {
        "Sightline": normal(weekly.p_of_evidence(ours.burst if sign > 0 else ours.fall)),
        "flexible Farrington": sign * reference,
        "EARS C1": rules.ears(signed, gap=0)[:, tested],
        "EARS C2": rules.ears(signed)[:, tested],
        "EARS C3": rules.ears_c3(signed)[:, tested],
        "z-score, 14 points": rules.z_score(signed)[:, tested],
        "same month of three years": rules.same_month(signed, per_year=52)[:, tested],
        "XmR rules": rules.xmr_rules(signed)[:, tested],
    }


def _of_farrington(series: Array, now: int, settings: farrington.Settings) -> float:
    judged = farrington.judge(series, now, settings)
    if judged is None:
        return float("nan")
    return float(special.ndtri(np.clip(judged.p_low, 1e-15, 1 - 1e-15)))


def _pair(name: str, scores: Array) -> Scores:
    return {
        name: rules.sustained(scores)[:, -TESTED:],
        f"{name}, one month": scores[:, -TESTED:],
    }


def normal(p: Array) -> Array:
    """Probabilities as standard normal scores, large for small ones."""
    return np.asarray(-special.ndtri(np.clip(p, 1e-300, 1.0)))
