"""Which of many tests to believe: the false discovery rate (Benjamini and Hochberg 1995)."""

import numpy as np
from numpy.typing import NDArray


def discoveries(p: NDArray[np.float64], q: float) -> NDArray[np.bool_]:
    """True where a test is kept: the largest k with p_(k) <= k q / m; NaN is not a test."""
    known = np.isfinite(p)
    ordered = np.sort(p[known])
    ranks = np.arange(1, ordered.size + 1)
    below = np.flatnonzero(ordered <= ranks * q / max(ordered.size, 1))
    if below.size == 0:
        return np.zeros(p.shape, dtype=bool)
    limit = ordered[below[-1]]
    return np.asarray(known & (np.where(known, p, np.inf) <= limit))
