"""From a fit to scores of the newest period: one period alone, and sustained changes.

With P the inverse covariance of a window and r its working residuals, the best linear test of a
change of shape d (1 in the last w periods, 0 before) against all that is expected is
S_w = d'P r / sqrt(d'P d), standard normal if nothing changed; levels, slopes, season and swings of
the area are allowed for in P. Positive scores are high counts.
"""

from dataclasses import dataclass

import numpy as np

from monitoring.detection import counts as tails
from monitoring.detection.panel import GUARD, LENGTHS, Array, Fit, window_scores

CLIP = 2.0
DETECTABLE = 2.58 + 0.84


@dataclass(frozen=True)
class Scores:
    """Scores of the newest period (areas; `sustained` is areas x lengths)."""

    mean: Array
    variance: Array
    one: Array
    sustained: Array
    detectable: Array  # log change over six periods found four times in five at p < 0.01


def scores(fit: Fit, counts: Array) -> Scores:
    """Judge the last period of the window that was fitted."""
    pull = (fit.precision @ fit.residual[:, :, None])[:, :, 0]
    mean, variance = _prediction(fit, pull)
    return Scores(
        mean=mean,
        variance=variance,
        one=tails.score(counts[:, -1], mean, variance),
        sustained=_sustained(fit, counts, pull),
        detectable=DETECTABLE / np.sqrt(np.maximum(fit.precision[:, -6:, -6:].sum((1, 2)), 1e-12)),
    )


def _prediction(fit: Fit, pull: Array) -> tuple[Array, Array]:
    """Mean and variance of the newest count, from what came before the guard."""
    block = np.linalg.inv(fit.precision[:, -GUARD - 1 :, -GUARD - 1 :])
    error = np.einsum("stu,su->st", block, pull[:, -GUARD - 1 :])[:, -1]
    mean = np.exp(fit.base[:, -1] + fit.residual[:, -1] - error)
    fitted = np.exp(fit.base[:, -1] + fit.smooth[:, -1])
    extra = np.maximum(block[:, -1, -1] - fit.kappa[-1] / fitted, 0)
    return mean, fit.kappa[-1] * mean + extra * mean**2


def _sustained(fit: Fit, counts: Array, pull: Array) -> Array:
    longest = min(max(LENGTHS), counts.shape[1] - GUARD)
    precision = fit.precision[:, -longest:, -longest:]
    error = _clipped(
        precision, np.einsum("stu,su->st", np.linalg.inv(precision), pull[:, -longest:])
    )
    pull = np.einsum("stu,su->st", precision, error)
    return window_scores(pull, precision)


def _clipped(precision: Array, error: Array) -> Array:
    """Errors, each held within CLIP of what the others say, so that no single period is a trend."""
    diagonal = np.einsum("stt->st", precision)
    for _ in range(2):
        apart = np.einsum("stu,su->st", precision, error) / diagonal
        limit = CLIP / np.sqrt(diagonal)
        error = error - (apart - np.clip(apart, -limit, limit))
    return error
