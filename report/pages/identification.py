"""Under-identification: where signs of risk rise while fewer children are seen, the parts of each
gap, children exposed but not known, and how many are expected and known."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from markupsafe import Markup

from sightline.report import sides, words
from sightline.report.data import Area, Headline, Indicator, Row, Series
from sightline.report.scatter import Dot, Words, quadrant
from sightline.report.sides import Sides
from sightline.report.view import Page, View
from sightline.warehouse import indicators as catalogue

PATH = "identification.html"
START = ("index.html", "Overview")
NAMES_AT_MOST = 5


def pages(view: View) -> Iterator[Page]:
    yield Page(PATH, "identification.html", "Under-identification", PATH,
               partial(_context, view), (START,))  # fmt: skip


def _context(view: View) -> dict[str, Any]:
    gap = view.gap
    headline = view.published.headlines.get(gap.indicator)
    placed = _placed(view, gap, headline) if headline else []
    corner = [one for one in placed if one.is_in_corner]
    corner.sort(key=lambda one: -(one.exposure + one.unseen))
    parts = [view.by_id[one] for one in gap.parts if one in view.by_id]
    return {
        "gap": view.by_id.get(gap.indicator),
        "lead": _lead(view, placed, corner),
        "month": words.month(headline.period_start) if headline else "",
        "chart": _chart(view, placed) if placed else None,
        "by_chance": words.number(sides.BY_CHANCE * len(placed)),
        "parts": parts,
        "exposure": [one for one in parts if one.indicator in gap.exposure],
        "identification": [one for one in parts if one.indicator in gap.identification],
        "corner": [_row(view, gap, one) for one in corner],
        "others": [_row(view, gap, one) for one in _by_name(view, placed) if one not in corner],
        "unknown": _names(view, {area.key for area in view.authorities} - {o.key for o in placed}),
        "not_known": list(_not_known(view)),
        "expected": list(_expected(view)),
        "scripted": True,
    }


def _placed(view: View, gap: catalogue.Indicator, headline: Headline) -> list[Sides]:
    worse = dict.fromkeys(gap.exposure, 1) | dict.fromkeys(gap.identification, -1)
    moved = {
        area.key: {
            part: sides.half_year(_own_months(view, area, part), headline.period_start, worse[part])
            for part in gap.parts
        }
        for area in view.authorities
    }
    return sides.of_areas(moved, gap.exposure, gap.identification)


def _own_months(view: View, area: Area, indicator: str) -> Series | None:
    held = view.published.series.get((area.key, indicator), [])
    return next((one for one in held if one.kind == ("month", "extracts", "total")), None)


def _lead(view: View, placed: list[Sides], corner: list[Sides]) -> str:
    if not placed:
        return "In no authority can both sides be judged yet."
    of = f"{len(placed)} authorities in which both sides can be judged"
    if not corner:
        return f"In none of the {of} do signs of risk rise while fewer children are identified."
    told = _first_of([view.areas[one.key].area_name for one in corner])
    return f"In {len(corner)} of the {of}, signs of risk rise while fewer are identified: {told}."


def _first_of(names: list[str]) -> str:
    more = len(names) - NAMES_AT_MOST
    return words.listed(names[:NAMES_AT_MOST]) + (f", and {more} more" if more > 0 else "")


def _chart(view: View, placed: list[Sides]) -> Markup:
    said = words.count(sum(one.is_in_corner for one in placed), "authority", "authorities")
    return quadrant(
        [
            Dot(view.areas[one.key].area_name, one.exposure, -one.unseen, one.is_in_corner)
            for one in placed
        ],
        (0.0, 0.0),
        Words(
            "quadrant",
            "Exposure against identification",
            f"{len(placed)} authorities; {said} more exposed and less identified by one standard"
            " deviation or more on each side. The table has every authority.",
            "More signs of risk than expected, in standard deviations \u2192",
            "More children identified than expected, in standard deviations",
        ),
    )


def _row(view: View, gap: catalogue.Indicator, one: Sides) -> Row:
    area = view.areas[one.key]
    point = view.published.latest_point(area, gap.indicator)
    return {
        "area": area.area_name,
        "href": view.link(area),
        "exposure": words.number(one.exposure, 1),
        "identified": words.number(-one.unseen, 1),
        "parts": [_state(part.state) for part in one.parts],
        "agree": one.count("agrees"),
        "tag": words.tag(point, view.by_id[gap.indicator]),
    }


def _state(state: sides.State) -> Markup:
    return Markup('<span class="{}">{}</span>').format(
        "quiet" if state in ("as usual", "missing") else "state", state
    )


def _by_name(view: View, placed: list[Sides]) -> list[Sides]:
    return sorted(placed, key=lambda one: view.areas[one.key].area_name)


def _names(view: View, keys: set[str]) -> str:
    return words.listed(sorted(view.areas[key].area_name for key in keys))


def _not_known(view: View) -> Iterator[Row]:
    """Of England's children exposed, how many are not known, and where that is worse than usual."""
    for one in view.indicators:
        if one.family != "linkage" or one.kind != "proportion" or one.bad_direction != "up":
            continue
        if view.england is None:
            return
        point = view.published.latest_point(view.england, one.indicator)
        if point is None:
            continue
        worse = [
            area.area_name for area in view.authorities
            if one.name in view.worsening.get(area.key, [])
        ]  # fmt: skip
        yield {
            "indicator": one,
            "period": view.short_period(one),
            "exposed": _count(point.denominator),
            "not_known": _count(point.numerator),
            "share": words.value(point, one.decimals),
            "worse": _first_of(worse),
        }


def _count(count: float | None) -> str | Markup:
    return words.marker("x") if count is None else words.number(count)


def _expected(view: View) -> Iterator[Row]:
    """How many children are expected and how many are known, in England and its regions."""
    known = next((one for one in view.indicators if one.kind == "share_of_expected"
                  and one.bad_direction == "down"), None)  # fmt: skip
    unknown = next((one for one in view.indicators if one.kind == "share_of_expected"
                    and one.bad_direction == "up"), None)  # fmt: skip
    if known is None or unknown is None:
        return
    for area in view.larger:
        point = view.published.latest_point(area, known.indicator)
        if point is None or point.denominator is None:
            continue
        yield {
            "area": area.area_name,
            "href": view.link(area),
            "rests": view.rests_on(area, point),
            "expected": words.number(point.denominator),
            "known": _count(point.numerator),
            "share": words.value(point, known.decimals),
            "range": _range_of_known(view, area, unknown),
        }


def _range_of_known(view: View, area: Area, unknown: Indicator) -> str:
    """The likely range of the share, from that of its rest."""
    point = view.published.latest_point(area, unknown.indicator)
    if point is None or point.lower is None or point.upper is None:
        return words.DASH
    low, high = (words.number(100 - end, unknown.decimals) for end in (point.upper, point.lower))
    return f"{low} to {high}"
