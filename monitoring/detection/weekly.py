"""Weekly counts of single series: each week against its own trend and season.

log mu = a + b t + two harmonics of the year, counts negative binomial with Var = phi mu,
fitted by penalised quasi-likelihood on the last eight years without the newest ten weeks, outliers
on both sides down-weighted. Harmonics and trend are shrunk, so a sparse series keeps a plain level.
Scores are standard normal, with the error of the fitted mean in their variance.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.detection import counts as tails

Array = NDArray[np.float64]

YEARS, PER_YEAR, GUARD = 8, 52, 10
PENALTY = np.array([1e-6, 4.0, 2.0, 2.0, 6.0, 6.0])  # level, trend, first and second harmonic
OUTLIER = 2.58
ROUNDS = 8
REFIT = 4  # weeks between fits
FALL_WEEKS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Judgements:
    """Scores of the tested weeks (series x weeks), positive when worse."""

    one: Array  # the week alone, positive when high
    burst: Array  # one or two high weeks
    fall: Array  # low for 1, 2, 4 or 8 weeks


def judge(counts: Array, tested: NDArray[np.int64]) -> Judgements:
    """Judge the tested weeks (indices, rising) of series x weeks."""
    first = int(tested[0]) - max(FALL_WEEKS)
    mean, phi, error = _expected(counts, first)
    totals = {weeks: _total(counts, mean, phi, error, weeks) for weeks in FALL_WEEKS}
    burst = np.fmax(totals[1], totals[2] - 0.2)
    fall = np.max([-score for score in totals.values()], axis=0)
    return Judgements(totals[1][:, tested], burst[:, tested], fall[:, tested])


def _total(counts: Array, mean: Array, phi: Array, error: Array, weeks: int) -> Array:
    """Score of the sum of the last weeks; the error of the mean is common to all of them."""
    y, mu = _moving(counts, weeks), _moving(mean, weeks)
    return tails.score(y, mu, phi * mu + error * mu**2)


def _moving(values: Array, weeks: int) -> Array:
    out = np.array(values)
    for back in range(1, weeks):
        out[:, back:] += values[:, :-back]
        out[:, :back] = np.nan
    return out


def _expected(counts: Array, first: int) -> tuple[Array, Array, Array]:
    """Expected count, dispersion and relative error variance of the mean, from `first` on."""
    mean, phi, error = (np.full(counts.shape, np.nan) for _ in range(3))
    for now in range(first, counts.shape[1], REFIT):
        ahead = np.arange(now, min(now + REFIT, counts.shape[1]))
        weeks = np.arange(max(0, now - GUARD - YEARS * PER_YEAR), now - GUARD)
        beta, covariance, dispersion = _fit(counts[:, weeks], _design(weeks, now))
        target = _design(ahead, now)
        mean[:, ahead] = np.exp(np.clip(beta @ target.T, -20, 20))
        error[:, ahead] = np.einsum("tp,spq,tq->st", target, covariance, target)
        phi[:, ahead] = dispersion[:, None]
    return mean, phi, error


def _design(weeks: NDArray[np.int64], now: int) -> Array:
    angle = 2 * np.pi * weeks / PER_YEAR
    years = (weeks - now) / PER_YEAR + YEARS / 2
    waves = [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    return np.column_stack([np.ones(weeks.size), years / 4, *waves])


def _fit(y: Array, design: Array) -> tuple[Array, Array, Array]:
    """Coefficients, their covariance and the dispersion of each series."""
    beta = np.zeros((len(y), design.shape[1]))
    beta[:, 0] = np.log(y.mean(1) + 0.05)
    phi, weight = np.ones(len(y)), np.ones(y.shape)
    for _ in range(ROUNDS):
        mean = np.exp(np.clip(beta @ design.T, -20, 20))
        working = weight / phi[:, None]
        gram = np.einsum("st,tp,tq->spq", working * mean, design, design) + np.diag(PENALTY)
        slope = (working * (y - mean)) @ design - beta * PENALTY
        beta = beta + np.linalg.solve(gram, slope[:, :, None])[:, :, 0]
        mean = np.exp(np.clip(beta @ design.T, -20, 20))
        anscombe = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi)[:, None]
        weight = np.minimum(1.0, (OUTLIER / np.maximum(np.abs(anscombe), 1e-9)) ** 2)
        phi = np.maximum((weight * (y - mean) ** 2 / mean).sum(1) / weight.sum(1), 1.0)
    return beta, np.linalg.inv(gram), phi
