"""What drove each marked movement: a list, and a page of bars and tables for each."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sightline.report import words
from sightline.report.data import Area, Indicator
from sightline.report.marks import contribution_bars
from sightline.report.view import Page, View
from sightline.warehouse.release import drivers as told
from sightline.warehouse.release.drivers import DIMENSIONS, WHOLE, Driver

HERE = "drivers/index.html"
START = ("index.html", "Overview")
SHOWN = 10
"""So many authorities stand in the open; the others are folded."""


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "drivers.html", "What drove it", HERE, lambda: _list(view), (START,))
    for (indicator, key), rows in view.published.drivers.items():
        area, about = view.areas[key], view.by_id[indicator]
        yield Page(
            view.drivers_page(area, indicator), "driver.html",
            f"{about.name}, {area.area_name}: what drove it", HERE,
            partial(_context, view, area, about, rows),
            (START, (HERE, "What drove it")),
        )  # fmt: skip


def _list(view: View) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for indicator, key in view.published.drivers:
        area = view.areas[key]
        found.setdefault(area.area_level, []).append(
            {
                "name": view.by_id[indicator].name,
                "area": area.area_name,
                "href": view.drivers_page(area, indicator),
                "sentences": view.driven_by(area, indicator),
            }
        )
    levels = {"country": "England", "region": "Regions", "local_authority": "Authorities"}
    return {
        "levels": [(name, found[level]) for level, name in levels.items() if level in found],
        "scripted": False,
    }


def _context(view: View, area: Area, about: Indicator, rows: Sequence[Driver]) -> dict[str, Any]:
    whole = next(one for one in rows if (one.within, one.dimension) == (WHOLE, WHOLE))
    within = [one for one in rows if one.dimension == WHOLE and one.within != WHOLE]
    counted = about.counted or "events"
    return {
        "name": about.name,
        "indicator": about.indicator,
        "area": area.area_name,
        "place": view.link(area),
        "sentences": view.driven_by(area, about.indicator),
        "alerts": [
            alert
            for alert in view.live_alerts
            if (alert["area_key"], alert["indicator"]) == (area.key, about.indicator)
        ],
        "counted": counted,
        "span": told.span(whole),
        "before": told.before(whole),
        "whole": _row(view, whole, "All"),
        "tables": [
            table
            for dimension in DIMENSIONS
            if (table := _table(view, rows, WHOLE, dimension, f"By {_by(dimension)}"))
        ]
        + [
            table
            for one in within
            if (table := _table(view, rows, one.within, "authority", _of(one, counted)))
        ],
        "scripted": False,
    }


def _by(dimension: str) -> str:
    return DIMENSIONS[dimension].lower()


def _of(one: Driver, counted: str) -> str:
    """What is taken apart further: "Referrals from schools, by authority"."""
    words_of_part = told.PARTS[one.within.partition(":")[2]][1]
    return f"{counted.capitalize()} {words_of_part}, by authority"


def _table(
    view: View, rows: Sequence[Driver], within: str, dimension: str, heading: str
) -> dict[str, Any] | None:
    held = [one for one in rows if (one.within, one.dimension) == (within, dimension)]
    named = [one for one in held if one.part not in (told.REST, told.ABSENT)]
    if not named:
        return None
    named.sort(key=lambda one: (-abs(one.contribution), one.part))
    others = [one for one in held if one.part in (told.REST, told.ABSENT)]
    ordered = [*named, *others]
    bars = dict(zip(ordered, contribution_bars([one.contribution for one in ordered]), strict=True))
    made = {one: {**_row(view, one), "bar": bars[one]} for one in ordered}
    folded = named[SHOWN:] if len(named) > SHOWN + 2 else []
    return {
        "id": f"{within}-{dimension}".replace(":", "-"),
        "heading": heading,
        "dimension": DIMENSIONS[dimension],
        "rows": [made[one] for one in ordered if one not in folded],
        "folded": [made[one] for one in folded],
    }


def _row(view: View, one: Driver, label: str = "") -> dict[str, str]:
    sign = "+" if one.contribution > 0 else ""
    return {
        "label": label or told.label(one, view.names),
        "counted": words.number(one.counted),
        "expected": words.number(one.expected),
        "contribution": f"{sign}{words.number(one.contribution)}",
        "share": words.DASH if one.share is None else f"{words.number(one.share)}%",
    }
