"""How far ordinary values lie apart, whatever a few odd ones do."""

import numpy as np
from numpy.typing import NDArray

QUARTILES_APART = 1.349  # standard deviations between the quartiles of a normal distribution


def spread(values: NDArray[np.float64]) -> float:
    """The inter-quartile range as a standard deviation; `values` are finite, of any shape."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float((high - low) / QUARTILES_APART)
