"""Figures that were published before and are others now, in the words of tables."""

from typing import Any

from sightline.report import words
from sightline.report.data import Row
from sightline.report.view import View


def summary(count: int, noun: str = "figure of an authority", nouns: str | None = None) -> str:
    if not count:
        return f"No {noun} has been revised since it was first published."
    said = words.count(count, noun, nouns or "figures of authorities")
    return f"{said} {'has' if count == 1 else 'have'} been revised since first published."


def of_area(view: View, key: str, name: str) -> dict[str, Any]:
    """How many figures of an area moved, and the newest of them."""
    rows = [one for one in view.published.revised_at.get(key, []) if one["indicator"] in view.by_id]
    count = rows[0]["revised_there"] if rows else 0
    said = summary(count, f"figure of {name}", f"figures of {name}")
    return {"said": said, "rows": [line(view, row) for row in rows]}


def of_indicator(view: View, indicator: str) -> dict[str, Any]:
    """How far its figures of authorities moved, and the newest of England and regions that did."""
    held = next((one for one in view.published.revised if one["indicator"] == indicator), None)
    rows = view.published.revised_larger.get(indicator, [])
    return {
        "said": summary(held["revised"] if held else 0),
        "how_far": _how_far(held) if held else "",
        "rows": [line(view, row) for row in rows],
    }


def _how_far(row: Row) -> str:
    if row["half"] is None:
        return ""
    return f"Half of those that moved did so by less than {half(row)}; {upwards(row)} went upwards."


def half(row: Row) -> str:
    return words.DASH if row["half"] is None else f"{words.number(100 * row['half'], 1)} %"


def upwards(row: Row) -> str:
    return words.DASH if row["upwards"] is None else f"{words.number(100 * row['upwards'])} %"


def line(view: View, row: Row) -> dict[str, Any]:
    """One figure as it was first published and as it is, with the day of each."""
    indicator = view.by_id[row["indicator"]]
    area = view.areas.get(row["area_key"])
    first, now = row["first_value"], row["now_value"]
    change = (now - first) / first if first and now is not None else None
    return {
        "area": area.area_name if area else row["area_key"],
        "link": view.link(area) if area else "areas/index.html",
        "indicator": indicator,
        "period": words.short_period(row["period_type"], row["period_start"], row["period_end"]),
        "first": _value(first, row["first_marker"], indicator.decimals),
        "first_on": row["first_on"],
        "now": _value(now, row["now_marker"], indicator.decimals),
        "now_on": row["now_on"],
        "change": words.DASH if change is None
        else f"{'+' if change > 0 else ''}{words.number(100 * change, 1)} %",
    }  # fmt: skip


def _value(value: float | None, marker: str | None, decimals: int) -> Any:
    return words.marker(marker) if value is None else words.number(value, decimals)
