"""Whether a sustained change that was found is over: it is, once the level has come back.

A change that lasts becomes a part of what is expected, and no test of the newest months against
those just before sees it any more. What it was before does: with P the inverse covariance of a
window, r its working residuals and J the periods since the change began,

    e_J = (P_JJ)^-1 (P r)_J,  Var e_J = (P_JJ)^-1

is how far (log scale) each of J lies from what the periods before J alone lead one to expect, net
of the national effect, and how uncertain that is. With s the mean of e while the change was found
(generalised least squares) and d 1 from some later period on, the evidence that it is over since
then is the log likelihood ratio of s (1 - d) against s throughout,

    -s d'P_JJ (e - s) - s^2 d'P_JJ d / 2,

at its largest over those periods. What all of J together do not show any more is over too, and what
those since it was found show less than half of: they were not chosen for being far off, as the
months were in which it was found. So a false alarm ends, once it has had half a year to come true.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.monitoring.detection import windows
from sightline.monitoring.detection.panel import STEP_VARIANCE, Array, Fit

Periods = NDArray[np.int64]

FOUND = 0.01  # p below which a sustained change is followed; what is named has a smaller one
# Log likelihood ratio at which a change is over.
OVER = 5.0
STILL = 1.64  # standard errors by which all that came since must be off; a false alarm soon is not
SIGNS = (-1, 1)


@dataclass(frozen=True)
class Changes:
    """The fall and the rise that each area has not come back from (areas x 2).

    Periods are counted from the first of the panel; -1 where there is none.
    """

    began: Periods
    last_found: Periods

    @classmethod
    def none(cls, areas: int) -> "Changes":
        return cls(*np.full((2, areas, len(SIGNS)), -1))

    def followed(self, fit: Fit, counts: Array, found: windows.Scores, first: int) -> "Changes":
        """The same one period later: what was found now is added, what has come back is over.

        `first` is the first period of the fitted window.
        """
        began, last_found = np.array(self.began), np.array(self.last_found)
        lengths = np.array([*fit.rhythm.steps, *fit.rhythm.drifts])
        newest = first + counts.shape[1] - 1
        for side, sign in enumerate(SIGNS):
            p = windows.p_of_evidence(windows.evidence(found.sustained, sign))
            is_found = p < FOUND
            length = lengths[(sign * found.sustained[:, 0]).argmax(1)]
            is_new = is_found & (began[:, side] < 0)
            for area in np.flatnonzero((began[:, side] >= 0) & ~is_found):
                of = slice(began[area, side] - first, last_found[area, side] - first + 1)
                if _is_over(fit, counts, int(area), of, sign):
                    began[area, side] = -1
            began[is_new, side] = np.maximum(newest + 1 - length, 0)[is_new]
            last_found[is_found, side] = newest
        return Changes(began, last_found)


def _is_over(fit: Fit, counts: Array, area: int, found: slice, sign: int) -> bool:
    """`found` holds the changed periods in the window, perhaps some before it."""
    start = min(max(found.start, fit.rhythm.per_year), counts.shape[1] - 1)
    until = min(max(found.stop - start, 1), counts.shape[1] - start)
    precision = _without_step(fit, area, start)
    pull, since = (precision @ fit.residual[area])[start:], precision[start:, start:]
    off, error = np.linalg.solve(since, pull), np.linalg.inv(since)
    size = _mean(off[:until], error[:until, :until])
    if sign * pull.sum() < STILL * np.sqrt(since.sum()):
        return True
    heard = np.isfinite(counts[area, start + until :]).sum()
    if heard >= fit.rhythm.guard:
        rest = _mean(off[until:], error[until:, until:])
        if sign * rest < sign * size / 2:
            return True
    later = np.tri(off.size)[:, until:]
    left = pull - size * since.sum(1)
    evidence = (
        -size * (later.T @ left) - size**2 * np.einsum("jk,jl,lk->k", later, since, later) / 2
    )
    return bool((evidence > OVER).any())


def _mean(off: Array, error: NDArray[np.floating]) -> float:
    """Mean of periods with this covariance (generalised least squares)."""
    weight = np.linalg.solve(error, np.ones(off.size))
    return float(weight @ off / weight.sum())


def _without_step(fit: Fit, area: int, start: int) -> Array:
    """Inverse covariance in which no level shift since `start` is freed: that is the change.

    With u 1 before the shift, freeing it added v u u' to the covariance; taken out again, the
    inverse is P + v (P u)(P u)' / (1 - v u'P u) (Sherman and Morrison).
    """
    precision = fit.precision[area]
    step = int(fit.freed[area])
    if step <= start - fit.rhythm.per_year // 2:
        return np.asarray(precision)
    towards = precision[:, :step].sum(1)
    left = 1 - STEP_VARIANCE * towards[:step].sum()
    return np.asarray(precision + STEP_VARIANCE / left * np.outer(towards, towards))
