"""Maps of hexagons: the authorities of today, and how high one indicator is in each."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from sightline.report import words
from sightline.report.charts import LETTERS
from sightline.report.data import Area, Indicator
from sightline.report.hexmap import Hexagon, hexagon_map, short_names
from sightline.report.view import View

FIFTHS = 5
FITTING = 5
"""So many characters fit into a hexagon."""


@dataclass(frozen=True)
class Shade:
    """A line of a legend."""

    shade: str
    words: str


@dataclass(frozen=True)
class IndicatorMap:
    drawing: Markup
    legend: list[Shade]


def drawn(view: View, hexagon: Callable[[Area], Hexagon | None], title: str) -> Markup:
    """The hexagons of all regions, as `hexagon` makes them."""
    cells = [
        (region.area_name, [cell for area in view.of_region(region) if (cell := hexagon(area))])
        for region in view.regions
    ]
    labels = short_names(cell.name for _, held in cells for cell in held)
    return hexagon_map(cells, title, labels)


def of_indicator(view: View, indicator: Indicator) -> IndicatorMap | None:
    """Every authority's newest value, shaded by fifths; none where nobody has a value."""
    points = {
        area.key: view.published.latest_point(area, indicator.indicator)
        for area in view.authorities
    }
    values = sorted(one.value for one in points.values() if one and one.value is not None)
    if not values:
        return None
    headline = view.published.headlines[indicator.indicator]
    unit = words.unit(headline.kind[0], indicator)
    cuts = [values[len(values) * fifth // FIFTHS] for fifth in range(1, FIFTHS)]

    def hexagon(area: Area) -> Hexagon | None:
        if area.hex_column is None or area.hex_row is None:
            return None
        point = points[area.key]
        place = area.hex_column, area.hex_row
        named = *place, f"../{view.link(area)}", area.area_name
        if point is None or point.value is None:
            marker = point.marker if point else None
            said = words.MARKERS.get(marker or "x", words.MARKERS["x"])
            shade = "withheld" if marker in LETTERS else "absent"
            return Hexagon(*named, said, LETTERS.get(marker or "x", "x"), shade)
        state = words.state(point, indicator)
        shown = f"{words.number(point.value, indicator.decimals)} {unit}"
        return Hexagon(
            *named,
            f"{shown}, {state[:1].lower()}{state[1:]}",
            _fitting(point.value, indicator.decimals),
            f"fifth{bisect_right(cuts, point.value) + 1}",
            is_flagged=point.status == "worsening",
        )

    period = view.newest_period(indicator)
    title = f"{indicator.name}, {period}: a hexagon for each local authority, grouped by region"
    return IndicatorMap(drawn(view, hexagon, title), _legend(values, cuts, indicator.decimals))


def _legend(values: list[float], cuts: list[float], decimals: int) -> list[Shade]:
    lowest = [values[0], *cuts]
    shades = []
    for fifth, low in enumerate(lowest):
        above = lowest[fifth + 1] if fifth + 1 < FIFTHS else float("inf")
        held = [value for value in values if low <= value < above]
        if held:
            ends = [words.number(end, decimals) for end in (held[0], held[-1])]
            shades.append(Shade(f"fifth{fifth + 1}", " to ".join(dict.fromkeys(ends))))
    return shades


def _fitting(value: float, decimals: int) -> str:
    """The value with as many decimals as fit into a hexagon."""
    shown = (words.number(value, places) for places in range(decimals, 0, -1))
    return next((one for one in shown if len(one) <= FITTING), words.number(value))
