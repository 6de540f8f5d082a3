"""Weekly counts of single series: each week against its own trend and season.

log mu = a + b t + two harmonics of the year, counts negative binomial with Var = phi mu,
fitted by penalised quasi-likelihood on the last eight years without the newest ten weeks, outliers
on both sides down-weighted. Harmonics and trend are shrunk, so a sparse series keeps a plain level.

Evidence of a change is the log of an average likelihood ratio of negative binomial counts with the
error of the fitted mean in their variance, over changes of k standard deviations sqrt(phi mu):
a burst of k in all, spread over weeks as delays of exp(N(0, 0.5^2)) weeks are, in its first or
second week; a fall by k / 4 in each of the last 1 to 8 weeks, at most by nine tenths.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sightline.monitoring.detection import counts as tails

Array = NDArray[np.float64]

YEARS, PER_YEAR, GUARD = 8, 52, 10
PENALTY = np.array([1e-6, 4.0, 2.0, 2.0, 6.0, 6.0])  # level, trend, first and second harmonic
OUTLIER = 2.58
ROUNDS = 8
REFIT = 4  # weeks between fits
BURST = (0.5, 0.417)  # share of a burst in its first and second week
BURST_SIZES = (1, 2, 3, 4, 6, 8, 10)
FALL_SIZES = (2, 4, 7, 10)
LONGEST_FALL = 8
LEAST_LEFT = 0.1
LEVEL, RATE = 0.155, 1.2


@dataclass(frozen=True)
class Judgements:
    """The tested weeks (series x weeks); evidence is the log of an average likelihood ratio."""

    one: Array  # standard normal score of the week alone, positive when high
    burst: Array  # evidence of one or two high weeks
    fall: Array  # evidence of one to eight low weeks


def judge(counts: Array, tested: NDArray[np.int64]) -> Judgements:
    """Judge the tested weeks (indices, rising) of series x weeks."""
    first = int(tested[0]) - LONGEST_FALL
    mean, phi, error = (each[:, first:] for each in _expected(counts, first))
    seen, weeks = counts[:, first:], tested - first
    return Judgements(
        one=tails.score(seen, mean, phi * mean + error * mean**2)[:, weeks],
        burst=_burst(seen, mean, phi, error)[:, weeks],
        fall=_fall(seen, mean, phi, error)[:, weeks],
    )


def p_of_evidence(log_ratio: Array) -> Array:
    """Probability of so much evidence if nothing changed; see `windows.p_of_evidence`.

    Measured between p = 0.1 and p = 0.001 on the weeks without an event of simulated series.
    """
    return np.asarray(np.minimum(1.0, LEVEL * np.exp(-RATE * log_ratio)))


def _burst(counts: Array, mean: Array, phi: Array, error: Array) -> Array:
    terms = []
    for size in BURST_SIZES:
        first, second = (
            _log_ratio(counts, mean, mean + size * np.sqrt(phi * mean) * share, phi, error)
            for share in BURST
        )
        terms += [first, _before(first) + second]
    return np.asarray(logsumexp(terms, axis=0) - np.log(len(terms)))


def _fall(counts: Array, mean: Array, phi: Array, error: Array) -> Array:
    terms = []
    for size in FALL_SIZES:
        lower = np.maximum(mean - size / 4 * np.sqrt(phi * mean), LEAST_LEFT * mean)
        week = _log_ratio(counts, mean, lower, phi, error)
        terms.append(week)
        for _ in range(1, LONGEST_FALL):
            week = _before(week)
            terms.append(terms[-1] + week)
    return np.asarray(logsumexp(terms, axis=0) - np.log(len(terms)))


def _before(values: Array) -> Array:
    """The values of the week before; nothing is known before the first."""
    return np.column_stack([np.zeros(len(values)), values[:, :-1]])


def _log_ratio(counts: Array, mean: Array, other: Array, phi: Array, error: Array) -> Array:
    """Log likelihood of each count under another mean less that under what was expected."""
    likelihood = [
        tails.log_chance(counts, each, phi * each + error * each**2) for each in (other, mean)
    ]
    return likelihood[0] - likelihood[1]


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
