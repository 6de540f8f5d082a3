"""Younger children and girls, as trends of their own: what is counted of them in each quarter."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

from markupsafe import Markup

from sightline.report import words
from sightline.report.charts import line_chart
from sightline.report.data import Area, Indicator, Point, Row
from sightline.report.view import Page, View

PATH = "groups.html"
START = ("index.html", "Overview")
GROUPS = {"girls": "Girls", "younger": "Children under 14"}
YEAR = 4  # quarters
FITTING = 100_000
"""From so many on a chart counts thousands, whose labels it has room for."""


def pages(view: View) -> Iterator[Page]:
    yield Page(PATH, "groups.html", "Younger children and girls", PATH,
               partial(_context, view), (START,))  # fmt: skip


def _context(view: View) -> dict[str, Any]:
    return {"sections": list(_sections(view)), "groups": GROUPS, "scripted": False}


def _sections(view: View) -> Iterator[dict[str, Any]]:
    england = view.england
    for indicator in view.indicators:
        if england is None or (indicator.indicator, england.key) not in view.published.groups:
            continue
        yield {
            "indicator": indicator,
            "counted": indicator.counted or "events",
            "cards": [card for group in GROUPS if (card := _card(view, england, indicator, group))],
            "regions": [_region(view, area, indicator) for area in [england, *view.regions]],
        }


def _card(view: View, area: Area, indicator: Indicator, group: str) -> dict[str, Any] | None:
    rows = _rows(view, area, indicator, group)
    if all(row["counted"] is None for row in rows):
        return None
    name = f"{indicator.name}: {GROUPS[group].lower()}"
    said = _sentence(area, rows, indicator)
    most = max(row["counted"] or 0 for row in rows)
    scale, decimals, of = (1000, 1, "thousand ") if most >= FITTING else (1, 0, "")
    unit = f"{indicator.counted or 'events'} in a quarter"
    return {
        "id": f"{indicator.indicator}-{group}",
        "heading": name,
        "area": area.area_name,
        "sentence": said,
        "unit": unit,
        "chart": line_chart(
            [_point(row, scale) for row in rows],
            [_short(row["period_start"]) for row in rows],
            chart_id=f"chart-{indicator.indicator}-{group}",
            title=f"{name}, {area.area_name}",
            description=said,
            unit=f"{of}{unit}",
            periods="Quarters",
            decimals=decimals,
        ),
        "rows": [(words.period("quarter", row["period_start"], row["period_end"]), _count(row))
                 for row in reversed(rows)],
    }  # fmt: skip


def _rows(view: View, area: Area, indicator: Indicator, group: str) -> list[Row]:
    held = view.published.groups.get((indicator.indicator, area.key), [])
    return [row for row in held if row["part"] == group]


def _point(row: Row, scale: int) -> Point:
    counted = row["counted"]
    known = {
        "period_start": row["period_start"], "period_end": row["period_end"],
        "value": None if counted is None else counted / scale,
        "marker": "c" if counted is None else None,
        "is_provisional": False, "is_revised": False,
    }  # fmt: skip
    return Point._make(known.get(name) for name in Point._fields)


def _short(start: date) -> str:
    return f"{words.MONTHS[start.month - 1][:3]} {start.year}"


def _count(row: Row) -> str | Markup:
    return words.marker("c") if row["counted"] is None else words.number(row["counted"])


def _sentence(area: Area, rows: Sequence[Row], indicator: Indicator) -> str:
    """The newest quarter that is shown, and the same of the year before."""
    newest = next(row for row in reversed(rows) if row["counted"] is not None)
    when = words.inside(words.period("quarter", newest["period_start"], newest["period_end"]))
    said = f"{area.area_name}, {when[:1].lower()}{when[1:]}: {words.number(newest['counted'])}"
    said += f" {indicator.counted or 'events'}"
    start = newest["period_start"]
    before = next(
        (
            row["counted"]
            for row in rows
            if row["period_start"] == start.replace(year=start.year - 1)
        ),
        None,
    )
    change = _change(newest["counted"], before)
    if not change:
        return f"{said}."
    link = "as" if change == "as many" else "than"
    return f"{said}, {change} {link} in the same quarter of the year before."


def _change(now: float, before: float | None) -> str:
    """In per cent, which rounded counts can bear."""
    if not before:
        return ""
    share = round(100 * (now / before - 1))
    if not share:
        return "as many"
    return f"{abs(share)}% {'fewer' if share < 0 else 'more'}"


def _region(view: View, area: Area, indicator: Indicator) -> dict[str, Any]:
    return {
        "area": area.area_name,
        "href": view.link(area),
        "groups": [_year(_rows(view, area, indicator, group)) for group in GROUPS],
    }


def _year(rows: Sequence[Row]) -> tuple[str | Markup, str]:
    """The last four quarters together, and how they changed on the four before."""
    now, before = (
        [row["counted"] for row in rows[-start : len(rows) - start + YEAR]]
        for start in (YEAR, 2 * YEAR)
    )
    if len(now) < YEAR or None in now:
        return words.marker("c" if None in now else "x"), words.DASH
    whole = sum(now)
    known = len(before) == YEAR and None not in before
    return words.number(whole), _change(whole, sum(before) if known else None) or words.DASH
