"""A page for each indicator: what it is, why it matters, what to check, every area's figure."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from report import fixed_rule, maps, silence, words
from report.data import Area, Indicator
from report.view import Page, View

HERE = "indicators/index.html"
START = ("index.html", "Overview")
DIRECTIONS = {
    "down": "Down: a fall may mean that fewer children at risk are seen",
    "up": "Up: a rise may mean that more children at risk go unseen",
    "none": "Neither by itself",
}


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "indicators.html", "Indicators", HERE, lambda: _list(view), (START,))
    for indicator in view.indicators:
        yield Page(
            f"indicators/{indicator.indicator}.html", "indicator.html", indicator.name, HERE,
            partial(_context, view, indicator),
            (START, (HERE, "Indicators")),
        )  # fmt: skip


def _list(view: View) -> dict[str, Any]:
    return {"families": view.by_family(view.indicators), "scripted": False}


def _context(view: View, indicator: Indicator) -> dict[str, Any]:
    return {
        "indicator": indicator,
        "range_name": words.range_name(indicator).capitalize(),
        "direction": DIRECTIONS[indicator.bad_direction],
        "checks": words.lines(indicator.what_to_check),
        "explanations": words.lines(indicator.other_explanations),
        "cards": view.cards(view.england, indicator, link=None) if view.england else [],
        "period": view.newest_period(indicator),
        "fixed_rule": _fixed_rule(view, indicator),
        "silence": _silence(view, indicator),
        "undetected": _undetected(view, indicator),
        "outcomes": _outcomes(view, indicator),
        "map": maps.of_indicator(view, indicator),
        "regions": [(region, _rows(view, region, indicator)) for region in view.regions],
        "scripted": True,
    }


def _fixed_rule(view: View, indicator: Indicator) -> list[fixed_rule.Compared]:
    official = [
        series
        for area in view.known
        for series in view.published.series.get((area.key, indicator.indicator), [])
        if series.source != "extracts"
    ]
    return fixed_rule.compare(official, indicator.bad_direction)


def _outcomes(view: View, indicator: Indicator) -> str:
    """How the alerts on it turned out that people closed; nothing where none was."""
    last = {
        event["alert_id"]: event["reason"]
        for alert in view.alerts if alert["indicator"] == indicator.indicator
        for event in view.published.events.get(alert["alert_id"], [])
        if alert["state"] == "resolved" and event["event"] == "resolved"
    }  # fmt: skip
    counts = Counter(words.OUTCOMES[reason] for reason in last.values() if reason in words.OUTCOMES)
    if not counts:
        return ""
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return f"Of the alerts on this indicator that people closed: {told}."


def _silence(view: View, indicator: Indicator) -> list[dict[str, Any]]:
    """What planted changes showed, in the words of a table."""
    return [
        {
            **row,
            "share": f"{row['change']:.0%}".replace("%", " %"),
            "size": f"{row['least']:g} to {row['most']:g}"
            if row["most"]
            else f"{row['least']:g} and more",
            "what": words.source(row["source"]),
            "delay": "\u2013"
            if row["median_delay"] is None
            else words.count(round(row["median_delay"]), row["period_type"]),
            "marks": words.number(row["marks_per_100_years"] or 0, 1),
        }
        for row in view.published.backtests
        if row["indicator"] == indicator.indicator
    ]


def _undetected(view: View, indicator: Indicator) -> str:
    """What may go undetected in the authority in the middle, in words."""
    points = [view.published.latest_point(one, indicator.indicator) for one in view.authorities]
    known = [point for point in points if point and point.minimum_detectable_drift]
    if not known:
        return ""
    return silence.undetected(
        median(point.minimum_detectable_change or 0.0 for point in known),
        median(point.minimum_detectable_drift or 0.0 for point in known),
        indicator.period_type,
    )


def _rows(view: View, region: Area, indicator: Indicator) -> list[dict[str, Any]]:
    return [
        {**view.row(area, indicator), "name": area.area_name, "href": f"../{view.link(area)}"}
        for area in [region, *view.of_region(region)]
    ]
