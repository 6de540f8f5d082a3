"""Simple rules in common use, to compare with: EARS, z-scores, last three years, XmR charts.

Each takes counts as series x periods and gives scores of the same shape, positive when high and
NaN where there is too little before; none of them sees the period it judges in its own baseline.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def ears(counts: Array, *, baseline: int = 7, gap: int = 2) -> Array:
    """EARS C2: mean and standard deviation of seven periods, two periods left out between."""
    return _against_recent(counts, baseline=baseline, gap=gap)


def ears_c3(counts: Array, *, length: int = 3) -> Array:
    """EARS C3: the C2 scores of the last three periods, each less one and at least nothing."""
    above = np.maximum(ears(counts) - 1, 0)
    out = np.full(counts.shape, np.nan)
    for t in range(length - 1, counts.shape[1]):
        out[:, t] = above[:, t - length + 1 : t + 1].sum(1)
    return out


def z_score(counts: Array, *, baseline: int = 14) -> Array:
    """The usual observability check: so many standard deviations off the last fourteen."""
    return _against_recent(counts, baseline=baseline, gap=0)


def _against_recent(counts: Array, *, baseline: int, gap: int) -> Array:
    out = np.full(counts.shape, np.nan)
    for t in range(baseline + gap, counts.shape[1]):
        before = counts[:, t - gap - baseline : t - gap]
        spread = np.maximum(before.std(1, ddof=1), 0.5)
        out[:, t] = (counts[:, t] - before.mean(1)) / spread
    return out


def same_month(counts: Array, *, per_year: int = 12, years: int = 3) -> Array:
    """Relative difference to the mean of the same month of the last three years."""
    out = np.full(counts.shape, np.nan)
    for t in range(per_year * years, counts.shape[1]):
        usual = np.mean([counts[:, t - per_year * k] for k in range(1, years + 1)], axis=0)
        out[:, t] = (counts[:, t] - usual) / np.maximum(np.abs(usual), 1.0)
    return out


def xmr(counts: Array, *, baseline: int = 24) -> Array:
    """XmR chart: distance to the mean of 24 periods, in units of the mean moving range / 1.128."""
    out = np.full(counts.shape, np.nan)
    for t in range(baseline, counts.shape[1]):
        before = counts[:, t - baseline : t]
        moving = np.abs(np.diff(before, axis=1)).mean(1) / 1.128
        out[:, t] = (counts[:, t] - before.mean(1)) / np.maximum(moving, 0.5)
    return out


def xmr_rules(counts: Array, *, baseline: int = 24) -> Array:
    """The nearest of three rules, 1 where it is met: a point beyond three standard deviations, two
    of three beyond two, seven on one side of the mean (Western Electric, NHS charts)."""
    z = xmr(counts, baseline=baseline)
    out = np.full(counts.shape, np.nan)
    for t in range(baseline + 6, counts.shape[1]):
        two_of_three = np.sort(z[:, t - 2 : t + 1], axis=1)[:, 1]
        run = np.cumprod(z[:, t - 6 : t + 1][:, ::-1] > 0, axis=1).sum(1)
        out[:, t] = np.max([z[:, t] / 3, two_of_three / 2, run / 7], axis=0)
    return out


def sustained(scores: Array, *, length: int = 6) -> Array:
    """Sum of the last scores over the root of their number, a common way to accumulate."""
    total = np.cumsum(np.nan_to_num(scores), axis=1)
    out = np.full(scores.shape, np.nan)
    out[:, length:] = (total[:, length:] - total[:, :-length]) / np.sqrt(length)
    return out
