"""What a fixed rule would have marked each year, beside what the areas' own limits marked."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sightline.report import words
from sightline.report.data import Point, Series

FIXED = 0.12
FORMER = 3
RECORDING = "possible_recording_change"


class Compared(NamedTuple):
    """One year of the official series of an indicator, over all authorities."""

    year: str
    authorities: int
    by_rule: int
    recording: int
    by_limits: int


def compare(series: Iterable[Series], direction: str) -> list[Compared]:
    """One row a year: a move of 12 % off the three years before, against limits of their own."""
    held = [one for one in series if one.breakdown == "total"]
    years = sorted({_key(one, point) for one in held for point in one.points})
    return [row for year in years if (row := _year(held, year, direction)).authorities]


def _key(series: Series, point: Point) -> tuple[str, date, date]:
    return series.period_type, point.period_start, point.period_end


def _year(held: list[Series], year: tuple[str, date, date], direction: str) -> Compared:
    found = [
        (series.points[at], before)
        for series in held
        for at, point in enumerate(series.points)
        if _key(series, point) == year and (before := _former(series.points[:at])) is not None
        and point.value is not None
    ]  # fmt: skip
    worse = [point for point, _ in found if point.status == "worsening"]
    recording = [point for point in worse if point.reason == RECORDING]
    sign = 1 if direction == "up" else -1
    return Compared(
        words.short_period(*year),
        len(found),
        sum(sign * ((point.value or 0) / before - 1) >= FIXED for point, before in found),
        len(recording),
        len(worse) - len(recording),
    )


def _former(points: tuple[Point, ...]) -> float | None:
    """The mean of the three years before, where there are three."""
    known: Iterator[float] = (p.value for p in points[-FORMER:] if p.value)
    values = list(known)
    return sum(values) / FORMER if len(values) == FORMER else None
