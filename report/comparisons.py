"""An area's newest figures beside a year before, its statistical neighbours and its rank."""

from functools import cache
from statistics import median

from sightline.report import words
from sightline.report.data import Area, Indicator, Point, Published, Row, Series
from sightline.report.findings import size_of, year_before
from sightline.report.ranks import Interval, Standing, intervals, standings

FEWEST_NEIGHBOURS = 5
"""Of ten; a median of fewer says little."""


class Comparisons:
    """Asked of one area after the other, so what is the same for all is kept."""

    def __init__(self, published: Published) -> None:
        self.published = published
        self.areas = {area.key: area for area in published.areas}
        self.points = cache(self._points)
        self.intervals = cache(self._intervals)
        self.standings = cache(self._standings)

    def series(self, area: Area, indicator: Indicator) -> Series | None:
        """The series that the indicator is read at."""
        headline = self.published.headlines.get(indicator.indicator)
        held = self.published.series.get((area.key, indicator.indicator), [])
        return next((one for one in held if headline and one.kind == headline.kind), None)

    def change(self, area: Area, indicator: Indicator) -> str:
        """On the same period a year before, in words."""
        series = self.series(area, indicator)
        point = self.points(indicator, area.area_level).get(area.key)
        if series is None or point is None or point.value is None:
            return words.DASH
        before = year_before(series, point)
        if before is None:
            return words.DASH
        return size_of(point.value, before, indicator, ("lower", "higher")) or "No change"

    def neighbours(self, area: Area) -> list[Row]:
        """With their area and how like this one they are, the nearest first."""
        return [
            {**row, "area": self.areas[row["neighbour_la_code"]]}
            for row in self.published.neighbours.get(area.key, [])
            if row["neighbour_la_code"] in self.areas
        ]

    def neighbours_median(self, area: Area, indicator: Indicator) -> str:
        points = self.points(indicator, area.area_level)
        beside = (points.get(row["neighbour_la_code"]) for row in self.neighbours(area))
        values = [point.value for point in beside if point and point.value is not None]
        if len(values) < FEWEST_NEIGHBOURS:
            return words.DASH
        return words.number(median(values), indicator.decimals)

    def standing(self, area: Area, indicator: Indicator) -> Standing | None:
        return self.standings(indicator, area.area_level).get(area.key)

    def rank(self, area: Area, indicator: Indicator) -> str:
        standing = self.standing(area, indicator)
        return standing.words if standing else words.DASH

    def _points(self, indicator: Indicator, level: str) -> dict[str, Point | None]:
        """The newest figure of every area of today of one level."""
        return {
            area.key: self.published.latest_point(area, indicator.indicator)
            for area in self.published.of_level(level)
            if not area.ended_on
        }

    def _standings(self, indicator: Indicator, level: str) -> dict[str, Standing]:
        return standings(self.intervals(indicator, level), indicator.bad_direction)

    def _intervals(self, indicator: Indicator, level: str) -> dict[str, Interval]:
        return intervals(self.points(indicator, level), indicator)


def counted(point: Point | None, indicator: Indicator) -> str:
    """The count that a figure is made of: "65 of 290"; nothing where it is not told."""
    if point is None or point.numerator is None:
        return ""
    said = words.number(point.numerator)
    if indicator.kind == "proportion" and point.denominator is not None:
        return f"{said} of {words.number(point.denominator)}"
    return said
