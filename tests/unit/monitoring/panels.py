"""Small panels of counts with a national season and, where asked, a change."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEASON = np.array([1.0, 0.95, 1.1, 0.9, 1.05, 1.0, 0.9, 0.7, 1.1, 1.05, 1.1, 0.9])
TERM_SEASON = np.array([1.1, 0.95, 1.0])


def months(periods: int) -> NDArray[np.int64]:
    return np.arange(periods, dtype=np.int64) % 12 + 1


def panel(
    areas: int = 40,
    periods: int = 72,
    *,
    mean: float = 200,
    seed: int = 1,
    season: Array = SEASON,
) -> Array:
    """Areas of different size with the same season, slopes of their own and some scatter."""
    chance = np.random.default_rng(seed)
    level = np.log(mean) + chance.normal(0, 0.5, (areas, 1))
    slope = chance.normal(0, 0.02, (areas, 1)) * np.arange(periods) / season.size
    expected = np.exp(level + slope) * season[np.arange(periods) % season.size]
    scatter = chance.gamma(400, 1 / 400, (areas, periods))
    return chance.poisson(expected * scatter).astype(float)


def changed(counts: Array, area: int, factor: float, last: int) -> Array:
    """The last periods of one area multiplied by a factor."""
    out = np.array(counts)
    out[area, -last:] = np.rint(out[area, -last:] * factor)
    return out


def people(counts: Array, **_: Any) -> Array:
    return np.full(counts.shape, 50_000.0)
