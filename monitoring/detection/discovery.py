"""Which of many tests to believe: the false discovery rate (Benjamini and Hochberg 1995)."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control


def discoveries(p: NDArray[np.float64], q: float) -> NDArray[np.bool_]:
    """True where a test is kept: the largest k with p_(k) <= k q / m; NaN is not a test."""
    known = np.isfinite(p)
    kept = np.zeros(p.shape, dtype=bool)
    kept[known] = false_discovery_control(p[known]) <= q
    return kept
