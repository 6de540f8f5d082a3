"""The first page: what changed, open alerts, England, the regions and the map."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from markupsafe import Markup

from report import maps, words
from report.data import Area
from report.hexmap import Hexagon
from report.view import Page, View
from warehouse.alert_terms import LIVE


def pages(view: View) -> Iterator[Page]:
    yield Page("index.html", "index.html", "Overview", "index.html", lambda: _context(view))


def _context(view: View) -> dict[str, Any]:
    worsening = [area for area in view.authorities if view.worsening.get(area.key)]
    return {
        "summary": _summary(view, worsening),
        "tiles": _tiles(view),
        "changes": _changes(view),
        "live": _live(view),
        "national": _national(view, worsening),
        "regions": [_region(view, region) for region in view.regions],
        "map": _map(view),
        "estimates": view.published.estimates,
        "scripted": True,
    }


def _summary(view: View, worsening: list[Area]) -> str:
    received = f"With data to {words.day(view.published.release['as_of'])}"
    if not view.assessed:
        return f"{received}, nothing can be judged yet: figures are shown without a judgement."
    verb = "has" if len(worsening) == 1 else "have"
    return (
        f"{received}, {view.of_assessed(view.authorities)} authorities we can judge {verb} "
        "at least one indicator that is worse than usual."
    )


def _tiles(view: View) -> list[dict[str, str]]:
    live = len(view.live_alerts)
    worsening = view.of_assessed(view.authorities) if view.assessed else "None"
    judged = (
        "authorities with something worsening"
        if view.assessed
        else "of the authorities can be judged yet"
    )
    returned = view.returns_in(view.authorities) if view.referral_returns else "None"
    due = (
        "newest referral returns in" if view.referral_returns else "of the referral returns due yet"
    )
    return [
        {
            "figure": str(live),
            "words": "alert open" if live == 1 else "alerts open",
            "href": "alerts/index.html",
        },
        {"figure": worsening, "words": judged, "href": "areas/index.html"},
        {"figure": returned, "words": due, "href": "quality/index.html"},
    ]


def _changes(view: View) -> list[str | Markup]:
    release = view.published.release["release_id"]
    events = [
        event for held in view.published.events.values() for event in held
        if event["release_id"] == release
    ]  # fmt: skip
    opened = sum(event["event"] in {"opened", "reopened"} for event in events)
    closed = sum(
        event["old_state"] in LIVE and event["new_state"] not in {*LIVE, "pending"}
        for event in events
    )
    counted = f"{words.count(opened, 'alert')} raised and {words.count(closed, 'alert')} closed"
    return [
        f"{counted} with this release." if opened or closed else "No alert was raised or closed.",
        Markup('{} <a href="quality/index.html">{}</a>').format(view.position, _absent(view)),
        *_national_moves(view),
    ]


def _absent(view: View) -> str:
    names = [area.area_name for area in view.authorities if not view.has_returned(area)]
    if not names:
        return "How complete the data are"
    shown = (
        words.listed(names)
        if len(names) <= 4
        else f"{', '.join(names[:3])} and {len(names) - 3} more"
    )
    return f"Not in: {shown}"


def _national_moves(view: View) -> Iterator[str]:
    for indicator in view.indicators:
        point = view.england and view.published.latest_point(view.england, indicator.indicator)
        if point and point.status in {"worsening", "improving"}:
            when = view.newest_period(indicator)
            yield f"England, {indicator.name}, {when}: {words.state(point, indicator).lower()}."


def _live(view: View) -> list[tuple[str, list[dict[str, Any]]]]:
    grouped = groupby(view.live_alerts, key=lambda alert: str(alert["severity"]))
    by_severity: dict[str, list[dict[str, Any]]] = {}
    for severity, held in grouped:
        by_severity.setdefault(severity, []).extend(held)
    return [
        (words.words(severity, words.SEVERITIES), by_severity[severity])
        for severity in words.SEVERITIES
        if severity in by_severity
    ]


def _national(view: View, worsening: list[Area]) -> list[tuple[str, list[dict[str, Any]]]]:
    if view.england is None:
        return []
    england = view.england
    names = [name for area in worsening for name in view.worsening[area.key]]
    tested = _tested(view)
    return [
        (
            family,
            [
                {
                    **view.row(england, one),
                    "worsening": names.count(one.name) if one.indicator in tested else "\u2013",
                }
                for one in held
            ],
        )
        for family, held in view.by_family(view.indicators)
    ]


def _tested(view: View) -> set[str]:
    """Indicators whose newest figures are judged."""
    return {
        one.indicator
        for one in view.indicators
        if (newest := view.published.headlines.get(one.indicator))
        and newest.kind[1] == "extracts"
        and one.is_monitored
    }


def _region(view: View, region: Area) -> dict[str, Any]:
    areas = view.of_region(region)
    return {
        "area": region,
        "authorities": len(areas),
        "returns": view.returns_in(areas),
        "worsening": view.of_assessed(areas),
        "alerts": sum(view.live_in(area) for area in [*areas, region]),
        **view.row(region, view.indicators[0]),
    }


def _map(view: View) -> Markup:
    title = "Map of local authorities as equal hexagons; the table of areas says the same"
    return maps.drawn(view, lambda area: _hexagon(view, area), title)


def _hexagon(view: View, area: Area) -> Hexagon | None:
    if area.hex_column is None or area.hex_row is None:
        return None
    names = view.worsening.get(area.key, [])
    said = f"worsening: {words.listed(names)}" if names else "no indicator worsening"
    if not view.has_returned(area):
        said, mark, shade = "newest referral return missing", "x", "absent"
    elif area.key not in view.assessed:
        said, mark, shade = "nothing can be judged", "", "blank"
    elif not names:
        mark, shade = "", "none"
    else:
        mark, shade = str(len(names)), "one" if len(names) == 1 else "some"
    return Hexagon(
        area.hex_column, area.hex_row, view.link(area), area.area_name, said, mark, shade
    )
