"""A page for each indicator: what it is, why it matters, what to check, every area's figure."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any, get_args

from markupsafe import Markup

from sightline.report import fixed_rule, maps, revised, silence, words
from sightline.report.comparisons import Comparisons, counted
from sightline.report.data import Area, Indicator
from sightline.report.funnel import ALARM, WARNING, Funnel, Kind, Measured, fit
from sightline.report.marks import Ranked, ranked_dots
from sightline.report.ranks import by_event
from sightline.report.scatter import Words, funnel_plot
from sightline.report.view import Page, View
from sightline.warehouse.calendar import Span, next_span

HERE = "indicators/index.html"
START = ("index.html", "Overview")
LEVEL = "local_authority"
DIRECTIONS = {
    "down": "Down: a fall may mean that fewer children at risk are seen",
    "up": "Up: a rise may mean that more children at risk go unseen",
    "none": "Neither by itself",
}

BREAK = words.CAVEATS["break_in_series"][1]


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "indicators.html", "Indicators", HERE, lambda: _list(view), (START,))
    beside = view.comparisons
    for indicator in view.indicators:
        yield Page(
            f"indicators/{indicator.indicator}.html", "indicator.html", indicator.name, HERE,
            partial(_context, view, beside, indicator),
            (START, (HERE, "Indicators")),
        )  # fmt: skip


def _list(view: View) -> dict[str, Any]:
    return {"families": view.by_family(view.indicators), "scripted": False}


def _context(view: View, beside: Comparisons, indicator: Indicator) -> dict[str, Any]:
    ordered = sorted(view.authorities, key=partial(_order, view, indicator))
    drawn = _dots(view, beside, ordered, indicator)
    ranking = [
        {**_row(view, beside, area, indicator), "dot": dot}
        for area, dot in zip(ordered, drawn, strict=True)
    ]
    return {
        "indicator": indicator,
        "range_name": words.range_name(indicator).capitalize(),
        "direction": DIRECTIONS[indicator.bad_direction],
        "checks": words.lines(indicator.what_to_check),
        "explanations": words.lines(indicator.other_explanations),
        "cards": view.cards(view.england, indicator, link=None) if view.england else [],
        "period": view.newest_period(indicator),
        "next": next_update(view, indicator),
        "breaks": _breaks(view, indicator),
        "fixed_rule": _fixed_rule(view, indicator),
        "silence": _silence(view, indicator),
        "found": found_by_backtest(view, indicator),
        "undetected": _undetected(view, indicator),
        "revised": revised.of_indicator(view, indicator.indicator),
        "outcomes": _outcomes(view, indicator),
        "map": maps.of_indicator(view, indicator),
        "larger": [
            {**view.row(area, indicator), "name": area.area_name, "href": f"../{view.link(area)}"}
            for area in view.larger
        ],
        "regions": list(enumerate((one.area_name for one in view.regions), start=1)),
        "stands": _stands(view, indicator),
        "ranking": ranking,
        "funnel": funnel(view, beside, indicator),
        "scripted": True,
    }


def _order(view: View, indicator: Indicator, area: Area) -> tuple[bool, bool, float, str]:
    """What is worse than usual first, then by value from the end that is worse; missing last."""
    point = view.published.latest_point(area, indicator.indicator)
    if point is None or point.value is None:
        return True, point is None or point.status != "worsening", 0.0, area.area_name
    side = 1 if indicator.bad_direction == "down" else -1
    return False, point.status != "worsening", side * point.value, area.area_name


def _row(view: View, beside: Comparisons, area: Area, indicator: Indicator) -> dict[str, Any]:
    point = view.published.latest_point(area, indicator.indicator)
    region = view.region_of(area)
    standing = beside.standing(area, indicator)
    return {
        **view.row(area, indicator),
        "name": area.area_name,
        "href": f"../{view.link(area)}",
        "region": region.area_name if region else "",
        "place": 1 + view.regions.index(region) if region else 0,
        "counted": counted(point, indicator) or words.DASH,
        "change": beside.change(area, indicator),
        "rank": standing.place if standing else words.DASH,
    }


def _dots(view: View, beside: Comparisons, areas: list[Area], indicator: Indicator) -> list[Markup]:
    """Each area's value within its interval, on the scale of all, with England's."""
    points = beside.points(indicator, LEVEL)
    values = [one.value for one in points.values() if one and one.value is not None]
    rows = []
    for area in areas:
        point = points.get(area.key)
        interval = beside.intervals(indicator, LEVEL).get(area.key)
        # The interval of one very small area must not press all others together.
        lower, upper = (
            (min(max(one, min(values)), max(values)) for one in interval)
            if interval
            else (None, None)
        )
        rows.append(
            Ranked(
                point.value if point else None, lower, upper,
                is_worse=bool(point and point.status == "worsening"),
                is_provisional=bool(point and point.is_provisional),
            )
        )  # fmt: skip
    england = view.england and view.published.latest_point(view.england, indicator.indicator)
    return ranked_dots(rows, england.value if england else None)


def funnel(view: View, beside: Comparisons, indicator: Indicator) -> dict[str, Any] | None:
    """Areas by their size, with limits of chance and of how areas ordinarily differ."""
    kind = next((one for one in get_args(Kind) if one == indicator.kind), None)
    if kind is None:
        return None
    points = beside.points(indicator, LEVEL)
    unit = 100.0 if kind == "proportion" else by_event(points)
    measured = [
        Measured(view.areas[key].area_name, point.denominator, point.value)
        for key, point in points.items()
        if point and point.value is not None and point.denominator
    ]
    fitted = fit(kind, unit, measured)
    if fitted is None:
        return None
    beyond = sorted((one for one in measured if abs(fitted.score(one)) > WARNING), key=fitted.score)
    outer = sum(abs(fitted.score(one)) > ALARM for one in beyond)
    of = words.count(len(measured), "authority", "authorities")
    said = f"{len(beyond)} of {of} lie beyond the inner limits, {outer} of them beyond the outer."
    drawing = funnel_plot(
        fitted, measured,
        Words(
            "funnel", f"{indicator.name} by size of area: {said}",
            "Each dot is an authority; the table below names those beyond the limits.",
            divided_by(indicator.unit), words.opening(indicator.unit),
        ),
        indicator.decimals,
    )  # fmt: skip
    return {
        "said": said,
        "drawing": drawing,
        "size": divided_by(indicator.unit),
        "rows": _beyond(fitted, beyond, indicator),
    }


def _beyond(fitted: Funnel, beyond: list[Measured], indicator: Indicator) -> list[dict[str, str]]:
    return [
        {
            "name": one.name,
            "size": words.number(one.size),
            "value": words.number(one.value, indicator.decimals),
            "limits": " to ".join(
                words.number(end, indicator.decimals) for end in fitted.limits(one.size)
            ),
            "beyond": "the outer limits" if abs(fitted.score(one)) > ALARM else "the inner limits",
        }
        for one in beyond
    ]


def divided_by(unit: str) -> str:
    """What a unit divides by: "Number of children" of "per 10,000 children a year"."""
    found = re.search(r"per (?:cent of|[\d,]+) (.*?)(?: a year)?$", unit)
    return f"Number of {found[1]}" if found else "Size"


def _stands(view: View, indicator: Indicator) -> str:
    """How many authorities are in which state, in a sentence."""
    points = [view.published.latest_point(one, indicator.indicator) for one in view.authorities]
    states = Counter(point.status if point else None for point in points)
    valued = sum(point is not None and point.value is not None for point in points)
    with_value = f"{valued} of {words.count(len(points), 'authority', 'authorities')} have a figure"
    if not states.keys() & {"ok", "worsening", "improving"}:
        return f"{with_value}; none is judged."
    worse, better, usual = (states[one] for one in ("worsening", "improving", "ok"))
    rest = len(points) - worse - better - usual
    return (
        f"{with_value}. Worse than usual: {worse}; better: {better}; neither: {usual};"
        f" cannot be judged: {rest}."
    )


def next_update(view: View, indicator: Indicator) -> str:
    """The next period and the day from which it can be read; nothing where that is not known."""
    headline = view.published.headlines.get(indicator.indicator)
    if headline is None:
        return ""
    kind = headline.kind[0]
    period = Span(headline.period_start, headline.period_end)
    if kind == "academic_year":
        after = Span(*(one.replace(year=one.year + 1) for one in (period.start, period.end)))
    elif kind in ("month", "term", "quarter", "financial_year"):
        after = next_span(period, kind)
    else:
        return ""
    ready = after.end + timedelta(days=indicator.lag_days)
    when = words.day(ready) if ready > view.published.release["as_of"] else "with the next release"
    return f"{words.inside(words.period(kind, after.start, after.end))}: {when}"


def _breaks(view: View, indicator: Indicator) -> list[tuple[str, str]]:
    """What people recorded, by area, and where a publisher began to count something else."""
    found = [
        (area.area_name, words.annotation(row))
        for area in view.published.areas
        for row in view.annotations.get((area.key, indicator.indicator), [])
    ]
    held = (
        view.published.series.get((view.england.key, indicator.indicator), [])
        if view.england
        else []
    )
    for series in held:
        for point in series.points:
            if "break_in_series" in words.caveats(point):
                period = words.period(series.period_type, point.period_start, point.period_end)
                found.append((words.source(series.source), f"{period}: {BREAK}."))
    return found


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
            "size": silence.size(row["least"], row["most"]),
            "what": words.source(row["source"]),
            "delay": silence.delay(row),
            "marks": silence.marks(row),
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


def found_by_backtest(view: View, indicator: Indicator) -> list[str]:
    """What a back-test says of our own months, a sentence for each size of change."""
    planted: Counter[float] = Counter()
    found: Counter[float] = Counter()
    for row in view.published.backtests:
        if (row["indicator"], row["source"]) == (indicator.indicator, "extracts"):
            planted[row["change"]] += row["planted"]
            found[row["change"]] += row["found"]
    return [
        f"Of {count:,} lasting changes of {abs(100 * change):.0f} %, {found[change]:,} were found"
        f" within six months ({100 * found[change] / count:.0f} %)."
        for change, count in sorted(planted.items(), key=lambda one: abs(one[0]))
        if count
    ]
