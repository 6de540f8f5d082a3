"""How much of a count is known how long after its period: learned from what was sent before.

Of the final count of area s, a share f_sl was known l months after the period. Over the mature
periods, whose final counts are known,

    f_sl = (sum_t reported + n0 p_l) / (sum_t final + n0),
    v_sl = (n v + n1 v_l) / (n + n1),  v the mean of (reported / (final f_sl) - 1)^2,

with p_l and v_l the same over all areas, n0 = three median months and n1 = twelve periods: an area
with little history borrows from the others. A provisional count is judged against f x exposure,
with v added to its relative variance; a later correction is what v holds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MATURE_PERIODS = 12
PRIOR_MONTHS = 3.0
PRIOR_PERIODS = 12.0
FEWEST_PERIODS = 3  # pooled over all areas, before anything is learned at all


@dataclass(frozen=True)
class Completeness:
    """Share known and its relative variance (areas x lags); NaN where nothing can be learned."""

    share: Array
    variance: Array
    periods: NDArray[np.int64]  # of the area's own that it was learned from


def learn(reported: Array, final: Array) -> Completeness:
    """Learn from counts as once known (areas x periods x lags) and as they are (areas x periods).

    NaN is "not sent" or "not yet final". Of each area the last twelve periods are used that have a
    final count and one as once known.
    """
    once, now = reported, final[:, :, None]
    known = np.isfinite(once) & np.isfinite(now) & (now > 0)
    known &= np.cumsum(known[:, ::-1], axis=1)[:, ::-1] <= MATURE_PERIODS
    seen, all_of_it = np.where(known, once, 0.0), np.where(known, now, 0.0)
    pooled = _ratio(seen.sum((0, 1)), all_of_it.sum((0, 1)))
    months = all_of_it[known.any(2)].max(-1) if known.any() else np.zeros(1)
    prior = PRIOR_MONTHS * float(np.median(months))
    share = (seen.sum(1) + prior * pooled) / (all_of_it.sum(1) + prior)
    apart = np.where(known, _ratio(seen, all_of_it * share[:, None]) - 1, 0.0) ** 2
    apart = np.where(known, apart, 0.0)
    counted = known.sum(1)
    usual = _ratio(apart.sum((0, 1)), counted.sum(0))
    variance = (apart.sum(1) + PRIOR_PERIODS * usual) / (counted + PRIOR_PERIODS)
    enough = known.any(0).sum(0) >= FEWEST_PERIODS
    return Completeness(
        np.where(enough, share, np.nan), np.where(enough, variance, np.nan), counted
    )


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan))
