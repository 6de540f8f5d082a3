"""A page for each authority and region, and the list of them."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import Any

from report import silence, words
from report.data import Area, Indicator, Row
from report.view import NOT_IN, Page, View
from warehouse.alert_terms import LIVE

HERE = "areas/index.html"
START = ("index.html", "Overview")


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "areas.html", "Areas", HERE, lambda: _list(view), (START,))
    for region in [*view.regions, *view.sub_regions]:
        yield Page(
            view.link(region), "area.html", region.area_name, HERE,
            partial(_context, view, region),
            (START, (HERE, "Areas")),
        )  # fmt: skip
    for area in [*view.authorities, *view.former]:
        yield Page(
            view.link(area), "area.html", area.area_name, HERE,
            partial(_context, view, area),
            (START, (HERE, "Areas"), *_region_link(view, area)),
        )  # fmt: skip


def _region_link(view: View, area: Area) -> list[tuple[str, str]]:
    region = view.region_names.get(area.region_code or "")
    return [(view.link(region), region.area_name)] if region else []


def _list(view: View) -> dict[str, Any]:
    return {
        "regions": [(one, view.authority_rows(view.of_region(one))) for one in view.regions],
        "former": view.former,
        "scripted": True,
    }


def _context(view: View, area: Area) -> dict[str, Any]:
    held = [one for one in view.indicators if view.has_figures(area, one)]
    others = _beside(view, area)
    is_region = area.area_level != "local_authority"
    return {
        "area": area,
        "summary": _summary(view, area),
        "alerts": view.alerts_of[area.key],
        "beside": words.listed([other.area_name for other in others]) or "its usual range",
        "others": [other.area_name for other in others],
        "table": [
            (family, [view.row(area, one, others) for one in ones])
            for family, ones in view.by_family(held)
        ],
        "undetected": list(_undetected(view, area, held)),
        "authorities": view.authority_rows(view.of_region(area)) if is_region else [],
        "returns": [] if is_region else _returns(view, area),
        "families": [
            (
                family,
                [card for one in ones for card in _cards(view, area, one)],
            )
            for family, ones in view.by_family(held)
        ],
        "scripted": is_region,
    }


def _cards(view: View, area: Area, indicator: Indicator) -> list[Row]:
    """Official years say more than months that are often withheld, so they come before them."""
    cards = view.cards(area, indicator, link=f"../indicators/{indicator.indicator}.html")
    return sorted(cards, key=lambda card: bool(card["withheld"]))


def _undetected(view: View, area: Area, held: list[Indicator]) -> Iterator[tuple[Indicator, str]]:
    """What of each indicator may go undetected here, in words."""
    for one in held:
        point = view.published.latest_point(area, one.indicator)
        if point and point.minimum_detectable_drift:
            change, drift = point.minimum_detectable_change, point.minimum_detectable_drift
            yield one, silence.undetected(change, drift, one.period_type)


def _beside(view: View, area: Area) -> list[Area]:
    region = view.region_names.get(area.region_code or "")
    return [one for one in (region, view.england) if one and one.key != area.key]


def _summary(view: View, area: Area) -> str:
    live = sum(alert["state"] in LIVE for alert in view.alerts_of[area.key])
    names = view.worsening.get(area.key, [])
    found = f"Worsening: {words.listed(names)}." if names else _nothing(view, area)
    if area.area_level != "local_authority":
        kind = "Part of London with" if area.area_level == "sub_region" else "Region of"
        held = words.count(len(view.of_region(area)), "local authority", "local authorities")
        return f"{kind} {held}. {found}"
    if area.ended_on:
        return f"Former local authority, until {words.day(area.ended_on)}."
    region = view.region_names.get(area.region_code or "")
    where = f"Local authority in {region.area_name}." if region else "Local authority."
    raised = f"{words.count(live, 'alert')} open." if live else "No alert open."
    return f"{where} {raised} {found}{_gap(view, area)}{_of_data(view, area)}"


def _nothing(view: View, area: Area) -> str:
    if area.key in view.assessed:
        return "None of the indicators that can be judged is worsening."
    return "Nothing here can be judged month by month."


def _of_data(view: View, area: Area) -> str:
    """How far its figures can be relied upon, and when they come once a year."""
    known = area.key in view.published.confidence
    said = [f"Confidence in the data: {view.confidence(area).lower()}."] if known else []
    said += [f"{view.sends(area)}."] if view.sends(area) else []
    return "".join(f" {one}" for one in said)


def _gap(view: View, area: Area) -> str:
    if view.has_returned(area):
        return ""
    return " Its newest referral return is not in, so part of this page is out of date."


def _returns(view: View, area: Area) -> list[dict[str, str]]:
    found = []
    for extract in view.returns:
        rows = [row for row in view.due[extract] if row["la_code"] == area.key]
        if rows:
            newest = rows[-1]
            found.append(
                {
                    "extract": words.extract(extract),
                    "period": span(newest),
                    "status": words.words(newest["status"], words.COVERAGE),
                    "received": words.day(newest["received_on"]) or "\u2013",
                    "gaps": _gaps(rows),
                }
            )
    return found


def _gaps(rows: list[dict[str, Any]]) -> str:
    absent = [row for row in rows if row["status"] in (*NOT_IN, "partial")]
    grouped = groupby(absent, key=lambda row: str(row["status"]))
    said = [
        f"{words.words(status, words.COVERAGE)}: {', '.join(span(row) for row in held)}"
        for status, held in grouped
    ]
    return "; ".join(said) or "None"


def span(row: dict[str, Any]) -> str:
    """The period of a return in words."""
    start, end = row["period_start"], row["period_end"]
    if start is None or end is None:
        return "not known"
    if (start.year, start.month) == (end.year, end.month):
        return words.month(start)
    return f"{words.month(start)} to {words.month(end)}"
