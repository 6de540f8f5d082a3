"""The empirical null: how the scores of areas where nothing changed are spread.

Efron 2004 (JASA 99: 96), with his point that the null need not be N(0, 1) in practice.

A score is S = m + e, e ~ N(0, s^2) in an area where nothing changed. Some areas do change, mostly
in the same direction, and draw the national effect with them: then m is not 0, and each area that
fell seems to have fallen less. m is estimated in a mixture of areas without a change, N(m, 1), and
of areas that fell or rose by v standard errors, N(m -+ v, 1), with their shares, by EM; it is held
to 0 by a prior N(0, 0.3^2), so that it means something in large panels only.
"""

import numpy as np
from numpy.typing import NDArray

from sightline.monitoring.detection.spread import spread

Array = NDArray[np.float64]

FEWEST_AREAS = 20  # regions and England move together and say little about chance
FEWEST_SCORES = 50
# Scores are never made larger: a spread below 1 is chance. On a simulated nation a floor of 0.5
# gave nearly twice the false marks, and on the benchmark a floor of 0.92 found fewer drifts.
NARROWEST = 1.0
CHANGES = np.array([2.0, 3.0, 4.5])  # standard errors
PRIOR_VARIANCE = 0.3**2
CHANGED, UNCHANGED = 1.0, 18.0  # prior count of areas that fell or rose, and of the others
ROUNDS = 25


def against_null(scores: Array, per_year: int = 12) -> Array:
    """Scores (areas x periods x any kinds) less the location of their null, over its spread.

    The location is that of the period; the spread is the inter-quartile range as a standard
    deviation over all areas and the last year, so that real changes in a part of the
    areas do not hide themselves. Too few areas are left as they are.
    """
    if len(scores) < FEWEST_AREAS:
        return scores
    kinds = scores.reshape(*scores.shape[:2], -1)
    centred = kinds - location(kinds.reshape(len(kinds), -1)).reshape(kinds.shape[1:])
    out = np.array(centred)
    for period in range(kinds.shape[1]):
        recent = centred[:, max(0, period + 1 - per_year) : period + 1]
        for kind in range(kinds.shape[2]):
            values = recent[..., kind][np.isfinite(recent[..., kind])]
            if values.size >= FEWEST_SCORES:
                out[:, period, kind] /= max(spread(values), NARROWEST)
    return out.reshape(scores.shape)


def location(scores: Array) -> Array:
    """Mean of the scores of areas without a change, for each kind (areas x kinds to kinds)."""
    known = np.isfinite(scores)
    many = known.sum(0) >= FEWEST_AREAS
    z = np.where(known, scores, 0.0)
    kinds = np.concatenate([[0.0], -CHANGES, CHANGES])[:, None, None]
    share = np.full((3, z.shape[1]), 1 / 10)  # no change, fell, rose
    share[0] = 0.8
    of = np.repeat([0, 1, 2], [1, CHANGES.size, CHANGES.size])
    parts = np.array([1, CHANGES.size, CHANGES.size])[of]
    middle = np.zeros(z.shape[1])
    if many.any():
        middle[many] = np.nanmedian(scores[:, many], axis=0)
    for _ in range(ROUNDS):
        density = (share[of] / parts[:, None])[:, None] * np.exp(-((z - middle - kinds) ** 2) / 2)
        belongs = np.where(known, density / np.maximum(density.sum(0), 1e-300), 0.0)
        middle = (belongs * (z - kinds)).sum((0, 1)) / (known.sum(0) + 1 / PRIOR_VARIANCE)
        each = np.stack([belongs[of == part].sum((0, 1)) for part in range(3)])
        share = (each + np.array([[UNCHANGED], [CHANGED], [CHANGED]])) / (
            known.sum(0) + UNCHANGED + 2 * CHANGED
        )
    return np.where(many, middle, 0.0)
