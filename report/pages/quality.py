"""Who was due to send what, what came, and what was refused."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from report import words
from report.data import Row
from report.pages.areas import span
from report.view import Page, View

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
        f"{held['refused']:,} refused by the checks.",
        "statuses": STATUSES,
        "position": [_position(view, extract) for extract in _extracts(view)],
        "refused": [_refused(view, row) for row in view.published.refused],
        "year": _year(view),
        "scripted": True,
    }


def _extracts(view: View) -> list[str]:
    known = [extract for extract in words.EXTRACTS if extract in view.due]
    return known + sorted(set(view.due) - set(known))


def _position(view: View, extract: str) -> dict[str, Any]:
    rows = view.newest(extract)
    return {
        "extract": words.words(extract, words.EXTRACTS),
        "period": span(rows[0]),
        "due": len(rows),
        "counts": Counter(row["status"] for row in rows),
        "absent": [
            (view.areas.get(row["la_code"]), words.words(row["status"], words.COVERAGE))
            for row in rows
            if row["status"] in ABSENT
        ],
    }


def _refused(view: View, row: Row) -> Row:
    area = view.areas.get(row["sender"])
    return {
        **row,
        "name": area.area_name if area else row["sender"],
        "what": words.words(row["extract"], words.EXTRACTS) or "Not recognised",
        "period": span(row),
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
