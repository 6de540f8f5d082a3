"""A page for each authority and region, and the list of them."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from sightline.report import revised, silence, words
from sightline.report.comparisons import Comparisons, counted
from sightline.report.data import Area, Indicator, Row
from sightline.report.marks import sparkline
from sightline.report.view import NOT_IN, Page, View
from sightline.warehouse.alert_terms import LIVE

HERE = "areas/index.html"
START = ("index.html", "Overview")
CHARTS_FIRST = 2
TWO_YEARS = 24
TOGETHER = "Such a row tells no figure of either, so those years show as not available."
ANEW = "Nothing is taken over from before, and its first year is not judged."


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "areas.html", "Areas", HERE, lambda: _list(view), (START,))
    beside = view.comparisons
    for region in [*view.regions, *view.sub_regions]:
        yield Page(
            view.link(region), "area.html", region.area_name, HERE,
            partial(_context, view, beside, region),
            (START, (HERE, "Areas")),
        )  # fmt: skip
    for area in [*view.authorities, *view.former]:
        yield Page(
            view.link(area), "area.html", area.area_name, HERE,
            partial(_context, view, beside, area),
            (START, (HERE, "Areas"), *_region_link(view, area)),
        )  # fmt: skip


def _region_link(view: View, area: Area) -> list[tuple[str, str]]:
    region = view.region_of(area)
    return [(view.link(region), region.area_name)] if region else []


def _list(view: View) -> dict[str, Any]:
    return {
        "regions": [(one, view.authority_rows(view.of_region(one))) for one in view.regions],
        "former": view.former,
        "scripted": True,
    }


def _context(view: View, beside: Comparisons, area: Area) -> dict[str, Any]:
    held = [one for one in view.indicators if view.has_figures(area, one)]
    live = [alert for alert in view.alerts_of[area.key] if alert["state"] in LIVE]
    is_region = area.area_level != "local_authority"
    cards = {one.indicator: _cards(view, area, one) for one in held}
    first = _first(view, area, live, cards)
    rows = [_row(view, beside, area, one) for one in held]
    return {
        "area": area,
        "summary": _summary(view, area, live),
        "history": [*history(view, area), *joint(view, area)],
        "alerts": [_alert(view, area, one) for one in live],
        "closed": [one for one in view.alerts_of[area.key] if one["state"] not in LIVE],
        "first": [cards[one].pop(0) for one in first],
        "is_region": is_region,
        "region": next((one.area_name for one in _around(view, area)), ""),
        "tested": _by_family(view, [row for row in rows if row["indicator"].is_monitored]),
        "others": _by_family(view, [row for row in rows if not row["indicator"].is_monitored]),
        "undetected": list(_undetected(view, area, held)),
        "revised": revised.of_area(view, area.key, area.area_name),
        "neighbours": beside.neighbours(area),
        "authorities": view.authority_rows(view.of_region(area)) if is_region else [],
        "returns": [] if is_region else _returns(view, area),
        "families": [
            (family, [card for one in ones for card in cards[one.indicator]])
            for family, ones in view.by_family(held)
        ],
        "scripted": is_region,
    }


def _alert(view: View, area: Area, alert: Row) -> Row:
    """With what drove it and the question to ask first."""
    about = view.by_id.get(alert["indicator"])
    driven = view.driven_by(area, about.indicator) if about else []
    return {
        **alert,
        "driven": next(iter(driven), ""),
        "drivers": view.drivers_page(area, about.indicator) if about else "",
        "ask": next(iter(words.lines(about.what_to_check)), "") if about else "",
    }


def _by_family(view: View, rows: list[Row]) -> list[tuple[str, list[Row]]]:
    by_indicator = {row["indicator"]: row for row in rows}
    families = view.by_family(by_indicator)
    return [(family, [by_indicator[one] for one in ones]) for family, ones in families]


def _row(view: View, beside: Comparisons, area: Area, indicator: Indicator) -> Row:
    """Everything that the table says of an indicator."""
    point = view.published.latest_point(area, indicator.indicator)
    series = beside.series(area, indicator)
    region = next(iter(_around(view, area)), None)
    return {
        **view.row(area, indicator, [one for one in (view.england, region) if one]),
        "spark": sparkline(series.points[-TWO_YEARS:]) if series else "",
        "counted": counted(point, indicator),
        "range_name": words.range_name(indicator).capitalize(),
        "change": beside.change(area, indicator),
        "neighbours": beside.neighbours_median(area, indicator),
        "rank": beside.rank(area, indicator),
    }


def _around(view: View, area: Area) -> list[Area]:
    """The region of an authority."""
    region = view.region_of(area)
    return [region] if region and region.key != area.key else []


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


def _first(view: View, area: Area, live: list[Row], cards: dict[str, list[Row]]) -> list[str]:
    """The indicators whose charts stand first: with an alert, else worse than usual, else any."""
    alerted = [alert["indicator"] for alert in live]
    worse = [
        one.indicator for one in view.indicators if one.name in view.worsening.get(area.key, [])
    ]
    drawn = [one for one in cards if cards[one] and cards[one][0]["chart"]]
    found = [one for one in dict.fromkeys([*alerted, *worse]) if one in drawn]
    return (found or drawn)[:CHARTS_FIRST]


def _summary(view: View, area: Area, live: list[Row]) -> str:
    worse = view.worsening.get(area.key, [])
    alerted = {view.by_id[one["indicator"]].name for one in live if one["indicator"] in view.by_id}
    others = [name for name in worse if name not in alerted]
    opening = "Worse than usual, with no alert" if live else "Worse than usual"
    found = f"{opening}: {words.listed(others)}." if others else _nothing(view, area, worse)
    if area.area_level != "local_authority":
        kind = "Part of London with" if area.area_level == "sub_region" else "Region of"
        areas = view.of_region(area)
        held = words.count(len(areas), "local authority", "local authorities")
        inside = sum(view.live_in(one) for one in areas)
        own = words.count(len(live), "alert") if live else "No alert"
        raised = f"{own} open on it, {inside} on its authorities."
        about = (f"{kind} {held}.", raised, found, view.confidence_in(areas))
        return " ".join(one for one in about if one)
    if area.ended_on:
        return f"Former local authority, until {words.day(area.ended_on)}."
    region = view.region_of(area)
    where = f"Local authority in {region.area_name}." if region else "Local authority."
    raised = f"{words.count(len(live), 'alert')} open." if live else "No alert open."
    said = (where, raised, found, _gap(view, area), *_of_data(view, area))
    return " ".join(one for one in said if one)


def _nothing(view: View, area: Area, worse: list[str]) -> str:
    if worse:
        return ""
    if area.key in view.assessed:
        return "None of the indicators that can be judged is worse than usual."
    return "Nothing here can be judged month by month."


def _of_data(view: View, area: Area) -> list[str]:
    """How far its figures can be relied upon, and when they come once a year."""
    known = area.key in view.published.confidence
    said = [f"Confidence in the data: {view.confidence(area).lower()}."] if known else []
    return said + ([f"{view.sends(area)}."] if view.sends(area) else [])


def _gap(view: View, area: Area) -> str:
    if view.has_returned(area):
        return ""
    return "Its newest referral return is not in, so part of this page is out of date."


def history(view: View, area: Area) -> list[Markup]:
    """Who it followed and who followed it, with their day."""
    rows = view.published.successions
    came = [row for row in rows if row["la_code_to"] == area.key]
    went = [row for row in rows if row["la_code_from"] == area.key]
    found = []
    if came:
        parts = [_part(view, row, "la_code_from") for row in came]
        day = words.day(came[0]["effective_date"])
        found.append(Markup("Formed on {} from {}. {}").format(day, _listed(parts), ANEW))
    if went:
        parts = [_part(view, row, "la_code_to") for row in went]
        day = words.day(went[0]["effective_date"])
        found.append(Markup("Followed on {} by {}.").format(day, _listed(parts)))
    return found


def joint(view: View, area: Area) -> list[Markup]:
    """With whom some official releases count it in one row, and what that means."""
    others = [
        _linked(view, row["with_la_code"])
        for row in view.published.joint_returns
        if row["la_code"] == area.key
    ]
    if not others:
        return []
    said = Markup("Some official releases have one joint return of it and {}. {}")
    return [said.format(_listed(others), TOGETHER)]


def _linked(view: View, number: str) -> Markup:
    area = view.areas.get(number)
    name = area.area_name if area else number
    if area is None or area not in view.known:
        return escape(name)
    return Markup('<a href="{}.html">{}</a>').format(number, name)


def _part(view: View, row: Row, other: str) -> Markup:
    """A link to the other authority, and how much of a former one went to its follower."""
    said = _linked(view, row[other])
    share = row["share_of_predecessor"]
    if share is None:
        return Markup("a part of {}").format(said) if other == "la_code_from" else said
    if share == 1:
        return said
    whole = words.number(100 * share)
    if other == "la_code_from":
        return Markup("{}, with {}\u00a0% of its children").format(said, whole)
    return Markup("{} (with {}\u00a0% of its children)").format(said, whole)


def _listed(parts: list[Markup]) -> Markup:
    if len(parts) < 2:
        return Markup("").join(parts)
    return Markup("{} and {}").format(Markup(", ").join(parts[:-1]), parts[-1])


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
                    "received": words.day(newest["received_on"]) or words.DASH,
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
