"""From a fit to scores of the newest period: one period alone, and sustained changes.

With P the inverse covariance of a window and r its working residuals, the best linear test of a
change of shape d against all that is expected is
S_d = d'P r / sqrt(d'P d), standard normal if nothing changed; levels, slopes, season and swings of
the area are allowed for in P. Positive scores are high counts. d is 1 in the last periods (a step)
or grows over them (a drift); what the shapes say together is an average likelihood ratio.

One period is no trend: what stands out is held within CLIP of what the others say, and the
evidence may not exceed by more than SUPPORT what it is with the most extreme period j left out,
S_d(-j) = (d'P r - d'P_j (P r)_j / P_jj) / sqrt(d'P d - (d'P_j)^2 / P_jj).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from sightline.monitoring.detection import counts as tails
from sightline.monitoring.detection.panel import Array, Fit
from sightline.monitoring.detection.rhythm import MONTHS, Rhythm

CLIP = 2.0
SUPPORT = 0.5  # measured on simulated panels: fewer dips taken for trends, slow drifts kept
STRENGTHS = (1.5, 2.5, 3.5)
DETECTABLE = 2.58 + 0.84


@dataclass(frozen=True)
class Scores:
    """Scores of the newest period (areas)."""

    mean: Array
    variance: Array
    one: Array
    sustained: Array  # areas x (with all, without the highest, without the lowest one) x shapes
    detectable: Array  # log change over half a year found four times in five at p < 0.01
    drift: Array  # the same of a slow drift, within a year: log change from period to period
    slope_error: Array  # standard error of the slope (log rate a year)


def scores(fit: Fit, counts: Array) -> Scores:
    """Judge the last period of the window that was fitted."""
    pull = (fit.precision @ fit.residual[:, :, None])[:, :, 0]
    mean, variance = _prediction(fit, pull)
    guard, year = fit.rhythm.guard, fit.rhythm.per_year
    ramp = np.arange(1.0, min(year, counts.shape[1]) + 1)
    of_year = fit.precision[:, -ramp.size :, -ramp.size :]
    return Scores(
        mean=mean,
        variance=variance,
        one=tails.score(counts[:, -1], mean, variance),
        sustained=_sustained(fit, pull),
        detectable=DETECTABLE
        / np.sqrt(np.maximum(fit.precision[:, -guard:, -guard:].sum((1, 2)), 1e-12)),
        drift=DETECTABLE / np.sqrt(np.maximum(ramp @ (of_year @ ramp).T, 1e-12)),
        slope_error=_slope_error(fit),
    )


def _slope_error(fit: Fit) -> Array:
    """Of b ~ N(0, v) with shape c in a window: Var(b | window) = v - v^2 c'P c."""
    time = np.arange(fit.precision.shape[1]) / fit.rhythm.per_year
    shape, variance = time - time.mean(), fit.variances.slope
    known = (fit.precision @ shape) @ shape
    return np.asarray(np.sqrt(np.maximum(variance - variance**2 * known, 0.0)))


def _prediction(fit: Fit, pull: Array) -> tuple[Array, Array]:
    """Mean and variance of the newest count, from what came before the guard."""
    judged = slice(-fit.rhythm.guard - 1, None)
    block = np.linalg.inv(fit.precision[:, judged, judged])
    error = np.einsum("stu,su->st", block, pull[:, judged])[:, -1]
    mean = np.exp(fit.base[:, -1] + fit.residual[:, -1] - error)
    fitted = np.exp(fit.base[:, -1] + fit.smooth[:, -1])
    extra = np.maximum(block[:, -1, -1] - fit.kappa[-1] / fitted, 0)
    return mean, fit.kappa[-1] * mean + extra * mean**2


def _sustained(fit: Fit, pull: Array) -> Array:
    longest = min(fit.rhythm.longest, pull.shape[1] - fit.rhythm.guard)
    precision = fit.precision[:, -longest:, -longest:]
    error = (np.linalg.inv(precision) @ pull[:, -longest:, None])[:, :, 0]
    pull = (precision @ _clipped(precision, error)[:, :, None])[:, :, 0]
    shapes = change_shapes(longest, fit.rhythm)
    towards = precision @ shapes.T  # areas x periods x shapes
    found, spread = pull @ shapes.T, np.einsum("kt,stk->sk", shapes, towards)
    scores = [found / np.sqrt(np.maximum(spread, 1e-12))]
    area, own = np.arange(len(pull)), np.einsum("stt->st", precision)
    apart = (pull / np.sqrt(own))[:, -fit.rhythm.per_year :]
    for extreme in (apart.argmax(1), apart.argmin(1)):
        out = extreme + longest - apart.shape[1]
        share = towards[area, out] / own[area, out, None]
        less = found - share * pull[area, out, None]
        without = spread - share * towards[area, out]
        scores.append(less / np.sqrt(np.maximum(without, 1e-12)))
    return np.stack(scores, axis=1)


def change_shapes(longest: int, rhythm: Rhythm = MONTHS) -> Array:
    """Steps and slow drifts up to the newest period (shapes x periods)."""
    back = longest - np.arange(longest)  # 1 for the newest period
    steps = [(back <= w).astype(float) for w in rhythm.steps]
    drifts = [np.maximum(w + 1 - back, 0) / w for w in rhythm.drifts]
    return np.array(steps + drifts)


def evidence(scores: Array, sign: int) -> Array:
    """Evidence of a sustained change in one direction (last axes: which are left out, shapes)."""
    without = scores[..., 1 if sign > 0 else 2, :]
    return np.minimum(_average(scores[..., 0, :], sign), _average(without, sign) + SUPPORT)


def _average(scores: Array, sign: int) -> Array:
    """Log of the average likelihood ratio of a change in one direction (last axis: shapes).

    Against no change a score is N(0, 1); with a change that is worth v standard errors, N(v, 1).
    The ratio exp(v S - v^2 / 2) is averaged over the shapes and over v in STRENGTHS, so that
    shapes which agree support each other, as they do not in a maximum.
    """
    ratios = [sign * scores * v - v * v / 2 for v in STRENGTHS]
    stacked = np.concatenate(ratios, axis=-1)
    return np.asarray(logsumexp(stacked, axis=-1) - np.log(stacked.shape[-1]))


def p_of_evidence(log_ratio: Array) -> Array:
    """Probability of so much evidence if nothing changed.

    An average likelihood ratio exceeds exp(x) with probability below exp(-x). The windows overlap,
    so it is far less. The rate is measured on simulated panels between p = 0.1 and p = 0.001, the
    scale so that of months without an event in panels with events 0.5 to 1.5 % pass p = 0.01.
    """
    return np.asarray(np.minimum(1.0, 0.055 * np.exp(-1.2 * log_ratio)))


def _clipped(precision: Array, error: Array) -> Array:
    """Errors, each held within CLIP of what the others say, so that no single period is a trend."""
    diagonal = np.einsum("stt->st", precision)
    for _ in range(2):
        apart = np.einsum("stu,su->st", precision, error) / diagonal
        limit = CLIP / np.sqrt(diagonal)
        error = error - (apart - np.clip(apart, -limit, limit))
    return error
