"""Who was due to send what, what came, and what was refused."""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from operator import itemgetter
from typing import Any

from sightline.report import words
from sightline.report.data import Row
from sightline.report.pages.areas import span
from sightline.report.view import Page, View

HERE = "quality/index.html"
START = ("index.html", "Overview")
STATUSES = [(code, said) for code, said in words.COVERAGE.items() if code != "not_due"]
ABSENT = ("missing", "quarantined", "partial")


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "quality.html", "Data quality", HERE, lambda: _context(view), (START,))


def _context(view: View) -> dict[str, Any]:
    held = view.published.submissions
    return {
        "summary": f"{view.position} "
        f"{words.count(held['submissions'], 'submission')} received so far; "
        f"{held['refused']:,} refused by the checks, {held['held']:,} held back.",
        "statuses": STATUSES,
        "position": [_position(view, extract) for extract in view.returns],
        "refused": [_refused(view, row) for row in view.published.refused],
        "linkage": _linkage(view),
        "linked_extracts": _linked_extracts(view),
        "reconciled": _reconciled(view),
        "year": _year(view),
        "scripted": True,
    }


def _position(view: View, extract: str) -> dict[str, Any]:
    rows = view.newest(extract)
    return {
        "extract": words.extract(extract),
        "period": span(rows[0]),
        "due": len(rows),
        "counts": Counter(row["status"] for row in rows),
        "absent": [
            (view.areas.get(row["la_code"]), _why_not(view, row))
            for row in rows
            if row["status"] in ABSENT
        ],
    }


def _why_not(view: View, row: Row) -> str:
    """What is known of a return that is not wholly in."""
    since = f"due on {words.day(row['due_on'])}"
    if row["status"] == "partial":
        return f"partial: what came tells of a part of the period; {since}"
    if row["status"] == "quarantined":
        kind = "held back" if row["submission_status"] == "held" else "refused"
        reason = (row["first_problem"] or "reason not stated").removeprefix("held back: ")
        return f"{kind}: {reason} (submission {row['submission_id']}); {since}"
    times = _in_a_row(view, row)
    return f"missing, {since}{f'; the {words.ordinal(times)} in a row' if times > 1 else ''}"


def _in_a_row(view: View, row: Row) -> int:
    """How many returns of an authority are missing up to this one."""
    own = [one for one in view.due[row["extract"]] if one["la_code"] == row["la_code"]]
    own.sort(key=itemgetter("period_end"), reverse=True)
    return len(list(takewhile(lambda one: one["status"] == "missing", own)))


def _linked_extracts(view: View) -> list[tuple[str, str]]:
    held = {row["extract"] for row in view.published.linkage}
    return [(one, words.extract(one)) for one in sorted(held)]


def _linkage(view: View) -> list[dict[str, Any]]:
    """Each authority's share of records that can be followed, by extract."""
    found: dict[str, dict[str, Row]] = {}
    for row in view.published.linkage:
        found.setdefault(row["la_code"], {})[row["extract"]] = row
    return [
        {
            "area": area,
            "shares": [_share(found[area.key].get(one)) for one, _ in _linked_extracts(view)],
            "conflicts": sum(row["conflicts"] for row in found[area.key].values()),
        }
        for area in view.authorities
        if area.key in found
    ]


def _reconciled(view: View) -> list[dict[str, Any]]:
    """Official years in the order of the indicators, with the authorities that differ."""
    order = {one.indicator: place for place, one in enumerate(view.indicators)}
    rows = [row for row in view.published.reconciled if row["indicator"] in order]
    rows.sort(key=lambda row: (order[row["indicator"]], row["period_start"]))
    return [
        {
            "indicator": view.by_id[row["indicator"]],
            "period": words.period(row["period_type"], row["period_start"], row["period_end"]),
            "source": words.source(row["source"]),
            "agreeing": row["agreeing"],
            "not_comparable": row["not_comparable"],
            "differing": [_differing(view, one) for one in row["differing"] or []],
        }
        for row in rows
    ]


def _differing(view: View, one: Row) -> tuple[str, str, str]:
    """Key and name of an authority, and both counts in words."""
    area = view.areas.get(one["key"])
    official = words.number(one["official"]) if one["official"] is not None else "a small count"
    return (
        one["key"] if area else "",
        area.area_name if area else one["key"],
        f"{words.number(one['counted'])} counted, {official} published",
    )


def _share(row: Row | None) -> str:
    if row is None:
        return "no return"
    coded = {"low": "under 5%", "high": "over 95%"}
    marker = row["marker"]
    return coded.get(marker, f"[{marker}]") if marker else f"{row['share']:.0%}"


def _refused(view: View, row: Row) -> Row:
    area = view.areas.get(row["sender"])
    return {
        **row,
        "name": area.area_name if area else row["sender"],
        "what": words.extract(row["extract"]) or "Not recognised",
        "period": span(row),
        "became": "Held back" if row["status"] == "held" else "Refused",
    }


def _year(view: View) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = {}
    for rows in view.due.values():
        for row in rows:
            counts.setdefault(row["la_code"], Counter())[row["status"]] += 1
    return [
        {"area": area, "counts": counts[area.key], "due": counts[area.key].total()}
        for area in view.authorities
        if area.key in counts
    ]
