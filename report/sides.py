"""Both sides of the gap between signs of risk and children seen, from released figures.

How far each part is from what is expected of it, over half a year, as `monitoring/joint.py` takes
it: the distances of its months in standard deviations, clipped, added up. Rounding moves a distance
by little; a month that is withheld is missing, and a part with fewer than four of six months too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import quantiles
from typing import Literal

from sightline.report.data import Point, Series

MONTHS, FEWEST = 6, 4
CLIP = 2.5
QUANTILE = 2.576
"""The usual range is so many standard deviations to each side."""
MOVED = 1.0
"""Standard deviations from which on a side, or a part of it, has moved."""
BY_CHANCE = 0.0252
"""Of areas whose sides move by chance alone, the share that is in the corner."""
QUARTILES_APART = 1.349
"""Between the quartiles of a standard normal distribution."""

State = Literal["agrees", "disagrees", "as usual", "missing"]


@dataclass(frozen=True)
class Part:
    """One indicator: how far it has moved for the worse, in standard deviations."""

    indicator: str
    moved: float | None

    @property
    def state(self) -> State:
        """Whether it says the same as the side that it is a part of, were that to move."""
        if self.moved is None:
            return "missing"
        if abs(self.moved) < MOVED:
            return "as usual"
        return "agrees" if self.moved > 0 else "disagrees"


@dataclass(frozen=True)
class Sides:
    """An area: `exposure` up is more risk, `unseen` up is fewer children identified."""

    key: str
    exposure: float
    unseen: float
    parts: tuple[Part, ...]

    @property
    def is_in_corner(self) -> bool:
        """Both sides must have moved: one alone is no gap."""
        return self.exposure >= MOVED and self.unseen >= MOVED

    def count(self, state: State) -> int:
        return sum(part.state == state for part in self.parts)


def distance(point: Point, worse: int) -> float | None:
    """How far a figure lies on the worse side (`worse`: 1 up, -1 down), in standard deviations."""
    if point.value is None or point.expected is None or point.lower is None or point.upper is None:
        return None
    if point.upper <= point.lower:
        return None
    far = worse * (point.value - point.expected) * 2 * QUANTILE / (point.upper - point.lower)
    return max(-CLIP, min(CLIP, far))


def half_year(series: Series | None, last: date, worse: int) -> float | None:
    """Of the six months that end with `last`, in standard deviations of their sum."""
    if series is None:
        return None
    first = (last.year * 12 + last.month) - MONTHS
    within = [
        far
        for point in series.points
        if first < point.period_start.year * 12 + point.period_start.month <= first + MONTHS
        and (far := distance(point, worse)) is not None
    ]
    return sum(within) / sqrt(len(within)) if len(within) >= FEWEST else None


def of_areas(
    parts: Mapping[str, Mapping[str, float | None]],
    exposure: Sequence[str],
    identification: Sequence[str],
) -> list[Sides]:
    """Areas of which something is known of both sides, in standard deviations of all areas; by
    area what `half_year` gives of each part."""
    spread = {
        side: _spread(parts.values(), side) for side in (tuple(exposure), tuple(identification))
    }
    found = []
    for key, held in parts.items():
        ends = [_mean(held, side) for side in spread]
        if ends[0] is None or ends[1] is None:
            continue
        risk, unseen = (
            end / size for end, size in zip((ends[0], ends[1]), spread.values(), strict=True)
        )
        of_both = [*exposure, *identification]
        found.append(Sides(key, risk, unseen, tuple(Part(one, held.get(one)) for one in of_both)))
    return found


def _mean(held: Mapping[str, float | None], side: Iterable[str]) -> float | None:
    known = [one for name in side if (one := held.get(name)) is not None]
    return sum(known) / len(known) if known else None


def _spread(areas: Iterable[Mapping[str, float | None]], side: Sequence[str]) -> float:
    """As wide as areas ordinarily differ, and no less than chance would make it."""
    known = [mean for held in areas if (mean := _mean(held, side)) is not None]
    by_chance = 1 / sqrt(len(side))
    if len(known) < 2 * len(side) + 2:
        return by_chance
    low, _, high = quantiles(known, n=4)
    return max((high - low) / QUARTILES_APART, by_chance)
