"""Random draws that several parts share: noisy daily counts, weighted picks, groups in order."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.calendar import Days, Horizon, Weights

Generator = np.random.Generator
Indices = NDArray[np.int64]


def monthly_noise(rng: Generator, horizon: Horizon, spread: float) -> Weights:
    """A factor for each day, one draw a month: counts become negative binomial."""
    shape = 1 / spread**2
    months = int(horizon.month_of_day[-1]) + 1
    return rng.gamma(shape, spread**2, months)[horizon.month_of_day]


def trend(rng: Generator, middle: float, spread: float) -> float:
    """Yearly growth of an authority; never so strong that it would pass for a planted change."""
    return middle + spread * float(np.clip(rng.normal(), -2, 2))


def event_days(rng: Generator, horizon: Horizon, rates: Weights) -> Days:
    return np.repeat(horizon.days, rng.poisson(rates))


def pick(rng: Generator, weights: Weights, count: int) -> Indices:
    """Indices drawn with replacement, each as often as its weight says."""
    cumulated = np.cumsum(weights)
    found = np.searchsorted(cumulated, rng.random(count) * cumulated[-1], side="right")
    return np.asarray(np.minimum(found, len(weights) - 1))


def codes(rng: Generator, shares: Mapping[str, float], count: int) -> NDArray[np.bytes_]:
    names = np.array([name.encode() for name in shares])
    return np.asarray(names[pick(rng, np.array(list(shares.values())), count)])


def position_in_group(groups: NDArray[np.int64]) -> Indices:
    """How many of the same group stand before each element; groups stand together."""
    if not len(groups):
        return np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    sizes = np.diff(np.r_[starts, len(groups)])
    return np.asarray(np.arange(len(groups)) - np.repeat(starts, sizes))
