"""Limits of a funnel plot: how far areas lie apart by chance and by what they ordinarily differ in.

Spiegelhalter 2005 (Statistics in Medicine 24: 1185, and Quality and Safety in Health Care 14: 347):
limits around the value of all areas together, for counts of each size, widened by the variance
between areas, with the tenth of the scores at each end winsorised. The variance is the one with
which scores are as wide as chance makes them (Paule and Mandel 1982): the usual moment estimate is
too small of such scores, 28 where areas differ by 40 in the test beside this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, pi, sqrt
from statistics import NormalDist
from typing import Literal

WARNING, ALARM = 1.96, 3.09
"""Standard deviations beyond which one area in twenty, or one in 500, lies by chance."""
WINSORISED = 0.1

Kind = Literal["proportion", "rate"]


@dataclass(frozen=True)
class Measured:
    """`value` is `unit` times a count divided by `size`; in per cent `unit` is 100."""

    name: str
    size: float
    value: float


@dataclass(frozen=True)
class Funnel:
    """`between` is the standard deviation between areas beyond chance, in units of the value."""

    kind: Kind
    unit: float
    target: float
    between: float

    def deviation(self, size: float) -> float:
        """Of an area of this size, by chance and between areas."""
        return sqrt(chance(self.kind, self.unit, self.target, size) ** 2 + self.between**2)

    def limits(self, size: float, deviations: float = WARNING) -> tuple[float, float]:
        reach = deviations * self.deviation(size)
        most = 100.0 if self.kind == "proportion" else float("inf")
        return max(0.0, self.target - reach), min(most, self.target + reach)

    def score(self, area: Measured) -> float:
        return (area.value - self.target) / self.deviation(area.size)


def chance(kind: Kind, unit: float, target: float, size: float) -> float:
    """The standard deviation of a value by chance: of a share binomial, of a rate Poisson."""
    spread = target * (unit - target) if kind == "proportion" else target * unit
    return sqrt(max(spread, 0.0) / size)


def fit(kind: Kind, unit: float, areas: Sequence[Measured]) -> Funnel | None:
    """None where there are fewer than three areas, or nothing was counted."""
    areas = [area for area in areas if area.size > 0]
    if len(areas) < 3:
        return None
    target = sum(area.value * area.size for area in areas) / sum(area.size for area in areas)
    spreads = [chance(kind, unit, target, area.size) for area in areas]
    if not all(spreads):
        return None
    gaps = [area.value - target for area in areas]
    return Funnel(kind, unit, target, _between(gaps, spreads))


def _between(gaps: Sequence[float], spreads: Sequence[float]) -> float:
    """The standard deviation between areas; nought where chance alone explains how they differ."""
    wanted = _width_by_chance(len(gaps))

    def is_too_wide(between: float) -> bool:
        scores = [gap / sqrt(by**2 + between**2) for gap, by in zip(gaps, spreads, strict=True)]
        return sum(score**2 for score in winsorised(scores)) > wanted

    low, high = 0.0, max(map(abs, gaps)) * sqrt(len(gaps))
    if not is_too_wide(low):
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_too_wide(middle) else (low, middle)
    return (low + high) / 2


def winsorised(scores: Sequence[float]) -> list[float]:
    """The tenth at each end drawn in to the next one, so that outliers do not hide themselves."""
    ordered = sorted(scores)
    cut = int(WINSORISED * len(ordered))
    low, high = ordered[cut], ordered[len(ordered) - 1 - cut]
    return [min(max(score, low), high) for score in scores]


def _width_by_chance(count: int) -> float:
    """The sum of squares of so many winsorised standard normal scores, less one for the mean."""
    share = int(WINSORISED * count) / count
    if not share:
        return count - 1.0
    end = NormalDist().inv_cdf(1 - share)
    density = exp(-(end**2) / 2) / sqrt(2 * pi)
    return (count - 1) * (1 - 2 * share - 2 * end * density + 2 * share * end**2)
