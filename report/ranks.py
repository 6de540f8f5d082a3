"""Where an area stands among others of its kind, as far as its figures can tell.

A figure is known within an interval. Two areas are in a known order where their intervals do not
meet, so each has a first and a last place that it may have.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from sightline.report import words
from sightline.report.data import Indicator, Point

Z = 1.96
"""Nineteen in twenty intervals hold what they are an interval of."""


class Interval(NamedTuple):
    lower: float
    upper: float


@dataclass(frozen=True)
class Standing:
    """The places that an area may have, counted from the lowest or from the highest."""

    first: int
    last: int
    of: int
    end: str

    @property
    def is_known(self) -> bool:
        """Places over more than half of the areas say nothing."""
        return 2 * (self.last - self.first + 1) <= self.of

    @property
    def place(self) -> str:
        if not self.is_known:
            return "Too close to rank"
        if self.last == 1:
            return self.end.capitalize()
        if self.first == self.last:
            return f"{words.ordinal(self.first)} {self.end}"
        if self.first == 1:
            return f"Among the {self.last} {self.end}"
        return f"{words.ordinal(self.first)} to {words.ordinal(self.last)} {self.end}"

    @property
    def words(self) -> str:
        return f"{self.place} of {self.of}" if self.is_known else self.place


def intervals(points: Mapping[str, Point | None], indicator: Indicator) -> dict[str, Interval]:
    """Of each area whose figure has one; an index has none."""
    each = by_event(points)
    found = {key: _interval(point, indicator, each) for key, point in points.items() if point}
    return {key: one for key, one in found.items() if one}


def standings(held: Mapping[str, Interval], bad_direction: str) -> dict[str, Standing]:
    """Each area's places from the end that is worse, or from the other where that is nearer."""
    lows = sorted(one.lower for one in held.values())
    highs = sorted(one.upper for one in held.values())
    return {
        key: _standing(
            bisect_left(highs, one.lower), bisect_right(lows, one.upper), len(held), bad_direction
        )
        for key, one in held.items()
    }  # fmt: skip


def _standing(below: int, last: int, of: int, bad_direction: str) -> Standing:
    """`below` areas are surely lower; `last` is the highest place from below."""
    lowest = Standing(below + 1, last, of, "lowest")
    highest = Standing(of + 1 - last, of - below, of, "highest")
    if lowest.first == highest.first:
        return lowest if bad_direction == "down" else highest
    return min(lowest, highest, key=lambda one: one.first)


def by_event(points: Mapping[str, Point | None]) -> float:
    """What one event in one person adds to a rate: the same everywhere in one period."""
    return max(
        (
            point.value * point.denominator / point.numerator
            for point in points.values()
            if point and point.value and point.numerator and point.denominator
        ),
        default=0.0,
    )


def _interval(point: Point, indicator: Indicator, each: float) -> Interval | None:
    if point.value is None or indicator.kind == "index":
        return None
    if indicator.kind == "share_of_expected":
        known = point.lower is not None and point.upper is not None
        return Interval(point.lower or 0.0, point.upper or 0.0) if known else None
    if point.numerator is None or not point.denominator:
        return None
    # Counts that vary more than chance alone tell as much as fewer counts would.
    scatter = max(point.dispersion or 1.0, 1.0)
    if indicator.kind == "proportion":
        return _of_share(point.value / 100, point.denominator / scatter)
    return _of_count(point.numerator / scatter, each * scatter / point.denominator)


def _of_share(share: float, people: float) -> Interval:
    """Wilson's interval, in per cent."""
    centre = share + Z**2 / (2 * people)
    reach = Z * sqrt(share * (1 - share) / people + (Z / (2 * people)) ** 2)
    whole = 1 + Z**2 / people
    return Interval(100 * max(0.0, centre - reach) / whole, 100 * (centre + reach) / whole)


def _of_count(events: float, each: float) -> Interval:
    """Byar's interval of a count, as a rate."""
    more = events + 1
    upper = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    if not events:
        return Interval(0.0, each * upper)
    lower = events * max(0.0, 1 - 1 / (9 * events) - Z / (3 * sqrt(events))) ** 3
    return Interval(each * lower, each * upper)
