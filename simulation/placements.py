"""Placements in alternative provision of one authority: mostly of pupils who were excluded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import draw
from sightline.simulation.calendar import Days, Horizon
from sightline.simulation.calibration import Authority
from sightline.simulation.children import Population
from sightline.simulation.exclusions import Exclusions

A_YEAR = 0.0036
"""New placements of children aged 10 to 17 a pupil and year. No series of new placements is
published; with the lengths below it keeps about 20,000 places filled, half of the 40,904 pupils in
the alternative provision census of 2022/23, most of whom stay for years."""
AFTER_EXCLUSION = 0.6
WITHIN_DAYS = 45
REASONS = {"BEH": 0.72, "PEX": 0.18, "SUS": 0.1}
OTHER_REASONS = {"MEH": 0.42, "BEH": 0.32, "MEP": 0.14, "OTH": 0.12}
"""Together 56 in 100 are for behaviour, as of those that schools arranged in 2022/23."""
SETTINGS = {"AP": 0.42, "IND": 0.2, "UNR": 0.18, "TUT": 0.1, "HOS": 0.06, "FE": 0.04}
ARRANGERS = {"LA": 0.6, "SCH": 0.4}
LASTING = 120
YOUNGEST, OLDEST = 3_653, 5_700
"""Days of age."""


@dataclass(frozen=True)
class ApPlacements:
    """In order of entry."""

    child: NDArray[np.int64]
    start: Days
    end: Days
    reason: NDArray[np.bytes_]
    setting: NDArray[np.bytes_]
    arranged_by: NDArray[np.bytes_]


def placements(
    rng: np.random.Generator,
    authority: Authority,
    horizon: Horizon,
    population: Population,
    excluded: Exclusions,
) -> ApPlacements:
    level = horizon.exclusion_weights * draw.monthly_noise(rng, horizon, 0.08)
    day = draw.event_days(rng, horizon, A_YEAR * authority.pupils * level)
    child = population.born_on(rng, day - rng.integers(YOUNGEST, OLDEST, len(day)))
    exposed = excluded.of_exposed(population)
    place = np.searchsorted(excluded.day[exposed], day) - 1
    after = (rng.random(len(day)) < AFTER_EXCLUSION) & (place >= 0)
    back = np.maximum(place - rng.integers(0, 1 + len(exposed) // 60, len(day)), 0)
    if len(exposed):
        rows = exposed[back]
        after &= day - excluded.day[rows] <= WITHIN_DAYS
        child = np.where(after, excluded.child[rows], child)
    return ApPlacements(
        child=child,
        start=day,
        end=(day + 10 + rng.exponential(LASTING, len(day))).astype(np.int32),
        reason=np.where(
            after, draw.codes(rng, REASONS, len(day)), draw.codes(rng, OTHER_REASONS, len(day))
        ),
        setting=draw.codes(rng, SETTINGS, len(day)),
        arranged_by=draw.codes(rng, ARRANGERS, len(day)),
    )
