"""The improved Farrington algorithm, as a reference to compare with.

Farrington et al. 1996 (JRSS A 159: 547), Noufaily et al. 2013 (Stat Med 32: 1206), in the form of
`farringtonFlexible` of the R package surveillance (Salmon et al. 2016, J Stat Softw 70(10)).
Quasi-Poisson regression log mu = a + b t + season factor on b years, the weeks just before left
out, past outbreaks down-weighted once, and one of three upper bounds.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]
Bound = Literal["nbPlugin", "delta", "muan"]


@dataclass(frozen=True)
class Settings:
    years: int = 5
    half_window: int = 3
    seasons: int = 10
    left_out: int = 26
    per_year: int = 52
    outlier: float = 2.58
    alpha: float = 0.01
    trend_threshold: float = 1.0
    bound: Bound = "nbPlugin"
    # surveillance 1.20.3 overwrites the model's weights before it asks for a standard error
    as_in_r: bool = False


@dataclass(frozen=True)
class Judgement:
    expected: float
    upper: float
    phi: float
    p: float  # probability of so many or more
    p_low: float  # mid-p of so few or fewer
    has_trend: bool


@dataclass(frozen=True)
class _Model:
    beta: Array
    mean: Array
    covariance: Array  # of beta, before the dispersion
    hat: Array
    weights: Array
    working: Array  # weights of the last step of the fit, as R keeps them


def judge(counts: Array, now: int, settings: Settings) -> Judgement | None:
    """Judge the count at index `now` by the years before it; None where there are not enough."""
    groups = season_groups(len(counts), now, settings)
    if groups is None:
        return None
    used = np.flatnonzero(np.isfinite(groups) & np.isfinite(counts))
    used = used[(used < now - settings.left_out) & (used >= 0)]
    design, target = _design(used, groups[used], now, settings.seasons)
    y = counts[used]
    model, phi = _reweighted(y, design, settings)
    mean = float(np.exp(target @ model.beta))
    has_trend = _keeps_trend(y, model, phi, mean, settings)
    if not has_trend:
        design, target = np.delete(design, 1, axis=1), np.delete(target, 1)
        model, phi = _reweighted(y, design, settings)
        mean = float(np.exp(target @ model.beta))
    error = np.sqrt(
        _error_dispersion(y, model, phi, settings) * (target @ model.covariance @ target)
    )
    return _judgement(float(counts[now]), mean, float(error), phi, has_trend, settings)


def season_groups(length: int, now: int, settings: Settings) -> Array | None:
    """Season group of each week: the last for weeks like now, the rest of a year shared out."""
    window, seasons = settings.half_window, settings.seasons
    references = [now - year * settings.per_year for year in range(settings.years + 1)]
    if references[-1] - window < 0:
        return None
    groups = np.full(length, np.nan)
    groups[now - window : now + 1] = seasons
    for later, reference in pairwise(references):
        groups[reference - window : reference + window + 1] = seasons
        if seasons == 1:
            continue
        share, rest = divmod(later - reference - 2 * window - 1, seasons - 1)
        start = reference + window + 1
        for group in range(1, seasons):
            size = share + (group <= rest)
            groups[start : start + size] = group
            start += size
    return groups


def _design(used: NDArray[np.int64], groups: Array, now: int, seasons: int) -> tuple[Array, Array]:
    """Columns: level, trend (years before now), season groups but the first that occurs."""
    levels = [level for level in range(1, seasons + 1) if (groups == level).any()][1:]
    columns = [np.ones(used.size), (used - now) / 52.0, *((groups == k) * 1.0 for k in levels)]
    target = np.array([1.0, 0.0, *(float(level == seasons) for level in levels)])
    return np.column_stack(columns), target


def _reweighted(y: Array, design: Array, settings: Settings) -> tuple[_Model, float]:
    model = _fit(y, design, np.ones(y.size))
    phi = _dispersion(y, model)
    raw = 1.5 * (y ** (2 / 3) * model.mean ** (-1 / 6) - np.sqrt(model.mean))
    residual = raw / np.sqrt(phi * (1 - model.hat))
    less = np.where(residual > settings.outlier, np.maximum(residual, 1e-9) ** -2.0, 1.0)
    model = _fit(y, design, less * y.size / less.sum())
    return model, _dispersion(y, model)


def _fit(y: Array, design: Array, weights: Array) -> _Model:
    """Poisson regression with a log link by iteratively re-weighted least squares."""
    mean, deviance = y + 0.1, np.inf
    for _ in range(50):
        working = np.log(mean) + (y - mean) / mean
        root = np.sqrt(weights * mean)
        q, r = np.linalg.qr(design * root[:, None])
        beta = np.linalg.solve(r, q.T @ (working * root))
        mean = np.exp(np.clip(design @ beta, -30, 30))
        old, deviance = deviance, _deviance(y, mean, weights)
        if abs(deviance - old) < 1e-8 * (abs(deviance) + 0.1):
            break
    inverse = np.linalg.inv(r)
    return _Model(beta, mean, inverse @ inverse.T, (q * q).sum(1), weights, root**2)


def _deviance(y: Array, mean: Array, weights: Array) -> float:
    ratio = np.where(y > 0, y / mean, 1.0)
    return float(2 * (weights * (y * np.log(ratio) - (y - mean))).sum())


def _dispersion(y: Array, model: _Model) -> float:
    spread = (model.working * ((y - model.mean) / model.mean) ** 2).sum()
    return max(float(spread / (y.size - model.beta.size)), 1.0)


def _error_dispersion(y: Array, model: _Model, phi: float, settings: Settings) -> float:
    if not settings.as_in_r:
        return phi
    spread = (model.weights * ((y - model.mean) / model.mean) ** 2).sum()
    return float(spread / (y.size - model.beta.size))


def _keeps_trend(y: Array, model: _Model, phi: float, mean: float, settings: Settings) -> bool:
    """A trend is dropped when it is not significant or would lead above every count seen."""
    error = np.sqrt(_error_dispersion(y, model, phi, settings) * model.covariance[1, 1])
    p = 2 * stats.t.sf(abs(model.beta[1]) / error, y.size - model.beta.size)
    return bool(settings.years >= 3 and p < settings.trend_threshold and mean <= y.max())


def _judgement(
    y: float, mean: float, error: float, phi: float, has_trend: bool, settings: Settings
) -> Judgement:
    alpha = settings.alpha
    p_low = (_at_most(y, mean, phi) + _at_most(y - 1, mean, phi)) / 2
    if settings.bound == "delta":
        tau = phi + (error * mean) ** 2 / mean
        spread = np.sqrt(4 / 9 * mean ** (1 / 3) * tau)
        upper = max(mean ** (2 / 3) + special.ndtri(1 - alpha) * spread, 0.0) ** 1.5
        p = float(special.ndtr((mean ** (2 / 3) - y ** (2 / 3)) / spread))
        return Judgement(mean, float(upper), phi, p, p_low, has_trend)
    centre = mean
    if settings.bound == "muan":
        centre = float(mean * np.exp(special.ndtri(1 - alpha) * error))
    upper = _quantile(1 - alpha, centre, phi)
    return Judgement(mean, upper, phi, _at_least(y, centre, phi), p_low, has_trend)


# Negative binomial tails as incomplete beta functions; the distribution objects of scipy.stats
# give the same and take most of the time of a test.
def _at_most(y: float, mean: float, phi: float) -> float:
    if y < 0:
        return 0.0
    if phi <= 1:
        return float(special.pdtr(y, mean))
    return float(special.betainc(mean / (phi - 1), y + 1, 1 / phi))


def _at_least(y: float, mean: float, phi: float) -> float:
    if y <= 0:
        return 1.0
    if phi <= 1:
        return float(special.pdtrc(y - 1, mean))
    return float(special.betainc(y, mean / (phi - 1), 1 - 1 / phi))


def _quantile(level: float, mean: float, phi: float) -> float:
    """The smallest count with a chance of at least that level to be no larger."""
    if phi <= 1:
        return float(stats.poisson.ppf(level, mean))
    return float(stats.nbinom.ppf(level, mean / (phi - 1), 1 / phi))
