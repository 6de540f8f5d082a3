"""Tail probabilities of counts: negative binomial mid-p scores, limits, and the chance of none."""

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]

LARGEST_SCORE = 12.0


def _size_and_chance(mean: Array, variance: Array) -> tuple[Array, Array]:
    """Size r and chance q of NB(mean, variance): Var = mean + mean^2 / r, q = r / (r + mean).

    A variance at or below the mean is the Poisson limit, kept as a very large size.
    """
    extra = np.maximum(variance - mean, 1e-6 * mean)
    size = mean * mean / extra
    return size, size / (size + mean)


def lower_tail(count: Array, mean: Array, variance: Array) -> Array:
    """Mid-p P(Y < y) + P(Y = y) / 2 under the negative binomial of that mean and variance."""
    size, chance = _size_and_chance(mean, variance)
    upto = stats.nbinom.cdf(count, size, chance)
    return np.asarray(upto - stats.nbinom.pmf(count, size, chance) / 2)


def upper_tail(count: Array, mean: Array, variance: Array) -> Array:
    """Mid-p P(Y > y) + P(Y = y) / 2, computed from the upper side so that it stays exact."""
    size, chance = _size_and_chance(mean, variance)
    above = stats.nbinom.sf(count, size, chance)
    return np.asarray(above + stats.nbinom.pmf(count, size, chance) / 2)


def log_chance(count: Array, mean: Array, variance: Array) -> Array:
    """Log of P(Y = y) under the negative binomial of that mean and variance."""
    size, chance = _size_and_chance(mean, variance)
    ways = special.gammaln(count + size) - special.gammaln(size) - special.gammaln(count + 1)
    return np.asarray(ways + size * np.log(chance) + count * np.log1p(-chance))


def score(count: Array, mean: Array, variance: Array) -> Array:
    """Standard normal score of a count, positive when it is high (unitless; NaN stays NaN)."""
    known = np.isfinite(count) & np.isfinite(mean) & (mean > 0)
    y, mu, var = (np.where(known, a, 1.0) for a in (np.rint(count), mean, variance))
    low, high = lower_tail(y, mu, var), upper_tail(y, mu, var)
    z = np.where(low < high, special.ndtri(low), -special.ndtri(high))
    return np.where(known, np.clip(z, -LARGEST_SCORE, LARGEST_SCORE), np.nan)


def limits(mean: Array, variance: Array, alpha: float) -> tuple[Array, Array]:
    """Lower and upper count between which a share 1 - alpha is expected."""
    size, chance = _size_and_chance(np.where(mean > 0, mean, 1.0), variance)
    lower = stats.nbinom.ppf(alpha / 2, size, chance)
    upper = stats.nbinom.ppf(1 - alpha / 2, size, chance)
    blank = ~(mean > 0)
    return np.where(blank, np.nan, lower), np.where(blank, np.nan, upper)


def chance_of_none(mean: Array, variance: Array) -> Array:
    """P(Y = 0): where this exceeds alpha / 2 not even a zero could be called low."""
    size, chance = _size_and_chance(np.where(mean > 0, mean, 1.0), variance)
    return np.where(mean > 0, stats.nbinom.pmf(0, size, chance), np.nan)
