"""Every authority and every tested indicator on one page: a letter and a colour for each."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from sightline.report.data import Area, Indicator
from sightline.report.marks import HEAT, heat_cell
from sightline.report.view import Page, View

HEAT_MAP = ("heat.html", "Every area and indicator at a glance")
HERE = "areas/index.html"
TRAIL = (("index.html", "Overview"), (HERE, "Areas"))


def pages(view: View) -> Iterator[Page]:
    path, title = HEAT_MAP
    yield Page(path, path, title, HERE, lambda: _context(view), TRAIL)


def _context(view: View) -> dict[str, Any]:
    tested = [one for one in view.indicators if _is_tested(view, one)]
    return {
        "legend": HEAT,
        "indicators": [(one, view.newest_period(one)) for one in tested],
        "regions": [
            (region, [_row(view, area, tested) for area in areas])
            for region in view.regions
            if (areas := view.of_region(region))
        ],
        "scripted": False,
    }


def _is_tested(view: View, indicator: Indicator) -> bool:
    newest = view.published.headlines.get(indicator.indicator)
    return indicator.is_monitored and newest is not None


def _row(view: View, area: Area, tested: list[Indicator]) -> tuple[dict[str, str], Markup]:
    points = (view.published.latest_point(area, one.indicator) for one in tested)
    cells = Markup("").join(heat_cell(point) for point in points)
    return {"link": view.link(area), "name": area.area_name}, cells
