"""The first page: what is new, where to ask first, how complete the data are; then England."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from sightline.report import changes, maps, words
from sightline.report.data import Area, Row, Series
from sightline.report.estimate import expected_and_known
from sightline.report.hexmap import Hexagon
from sightline.report.marks import sparkline
from sightline.report.view import Page, View

WORST, SPARK_MONTHS = 5, 24


def pages(view: View) -> Iterator[Page]:
    yield Page("index.html", "index.html", "Overview", "index.html", lambda: _context(view))


def _context(view: View) -> dict[str, Any]:
    return {
        "news": _news(view),
        "where": _where(view),
        "complete": _complete(view),
        "worst": _worst(view),
        "live": len(view.live_alerts),
        "since": words.day(view.published.release["previous_as_of"]),
        "changes": changes.grouped(view),
        "gap": _gap(view),
        "national": _national(view),
        "regions": [_region(view, region) for region in view.regions],
        "map": _map(view),
        "estimates": [_estimate(one) for one in view.published.estimates],
        "scripted": True,
    }


def _news(view: View) -> str:
    """What has changed since the release before, in one sentence."""
    previous = view.published.release["previous_as_of"]
    if previous is None:
        return "This is the first release, so nothing can be compared with one before."
    counted = changes.counted(view)
    since = f"since {words.day(previous)}"
    return f"{counted} {since}." if counted else f"Nothing {since}."


def _where(view: View) -> str:
    """Where alerts are open, the most serious by name."""
    if not view.live_alerts:
        return "No alert is open. That is not proof that all is well."
    alerted = [area for area in view.authorities if view.live_in(area)]
    names = [one["area_name"] for one in places(view)[:3]]
    regions = sum(bool(view.live_in(region)) for region in view.regions)
    held = [f"{len(alerted)} of {len(view.authorities)} authorities"]
    held += [words.count(regions, "region")] if regions else []
    held += ["England"] if view.england and view.live_in(view.england) else []
    said = f"Alerts are open in {words.listed(held)}"
    return f"{said}, most seriously in {words.listed(names)}." if names else f"{said}."


def _complete(view: View) -> str:
    """How many returns are in, which are not, and where the data are weak."""
    if not view.referral_returns:
        return view.position
    missing = [area.area_name for area in view.authorities if not view.has_returned(area)]
    if not missing:
        return f"{view.position} {view.confidence_in(view.authorities)}"
    more = len(missing) - 3
    shown = words.listed([*missing[:3], f"{more} more"] if more > 0 else missing)
    return f"{view.position} Not in: {shown}. {view.confidence_in(view.authorities)}"


def places(view: View) -> list[Row]:
    """Authorities with an open alert, each by its worst: by severity, then by size."""
    order = list(words.SEVERITIES)
    alerts = [one for one in view.live_alerts if one["area_level"] == "local_authority"]
    alerts.sort(key=lambda one: (order.index(one["severity"]), -one["verdict"].size))
    first: dict[str, Row] = {}
    for alert in alerts:
        first.setdefault(alert["area_key"], alert)
    return list(first.values())


def _worst(view: View) -> list[dict[str, Any]]:
    return [_place(view, alert) for alert in places(view)[:WORST]]


def _place(view: View, alert: Row) -> dict[str, Any]:
    indicator = view.by_id[alert["indicator"]]
    area = view.areas[alert["area_key"]]
    region = view.region_of(area)
    held = view.published.series.get((area.key, indicator.indicator), [])
    spark = next((_spark(series) for series in held if series.is_judged), Markup(""))
    others = view.live_in(area) - 1
    return {
        "alert": alert,
        "verdict": alert["verdict"],
        "region": region.area_name if region else "",
        "spark": spark,
        "ask": next(iter(words.lines(indicator.what_to_check)), ""),
        "others": words.count(others, "other alert") if others else "",
    }


def _spark(series: Series) -> Markup:
    return sparkline(series.points[-SPARK_MONTHS:], is_large=True)


def _gap(view: View) -> list[dict[str, Any]]:
    """England's gap between signs of risk and children seen."""
    indicator = view.by_id.get(view.gap.indicator)
    if view.england is None or indicator is None:
        return []
    return view.cards(view.england, indicator, link=f"indicators/{indicator.indicator}.html")[:1]


def _estimate(one: Row) -> dict[str, Any]:
    share = words.number(100 * one["known"] / one["value"])
    lower, upper = words.number(one["lower"]), words.number(one["upper"])
    said = (
        f"An estimated {words.number(one['value'])} {one['unit']} were in gangs in {one['year']},"
        f" with a likely range of {lower} to {upper}."
    )
    known = f"Services knew of {words.number(one['known'])}, or {share} per cent."
    drawing = expected_and_known(
        one["lower"], one["value"], one["upper"], one["known"],
        title="Expected and known", description=f"{said} {known}",
    )  # fmt: skip
    return {**one, "said": said, "known_said": known, "chart": drawing}


def _national(view: View) -> list[tuple[str, list[dict[str, Any]]]]:
    if view.england is None:
        return []
    england = view.england
    names = [name for area in view.authorities for name in view.worsening.get(area.key, [])]
    tested = _tested(view)
    return [
        (
            family,
            [
                {
                    **view.row(england, one),
                    "worsening": names.count(one.name) if one.indicator in tested else words.DASH,
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
