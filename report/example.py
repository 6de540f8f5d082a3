"""The worked picture of the help page: an invented authority, drawn as every chart is."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from sightline.report import words
from sightline.report.charts import line_chart
from sightline.report.data import Point
from sightline.warehouse.calendar import month_of

UNIT = "a year per 10,000 children"
USUAL, REACH = 500.0, 60.0
"""The middle of the invented usual range, and how far it reaches."""
VALUES = (
    512, 489, 521, 497, 530, 505, 482, 509, None, 518, 493, 507,
    515, 486, 502, 526, 498, 511, 495, 431, 418, 405, 398, 411,
)  # fmt: skip
FIRST_LOW = 19
"""From this month on the invented figures are worse than usual."""


def points() -> list[Point]:
    return [_point(place, value) for place, value in enumerate(VALUES)]


def _point(place: int, value: float | None) -> Point:
    month = month_of(date(2024 + place // 12, place % 12 + 1, 1))
    is_low = place >= FIRST_LOW
    about: dict[str, Any] = dict.fromkeys(Point._fields)
    about |= {
        "period_start": month.start, "period_end": month.end, "value": value,
        "marker": "x" if value is None else None, "is_provisional": place == len(VALUES) - 1,
        "is_revised": False, "expected": USUAL, "lower": USUAL - REACH, "upper": USUAL + REACH,
        "status": "worsening" if is_low else "ok", "kind": "sustained" if is_low else None,
    }  # fmt: skip
    return Point(**about)


def context() -> dict[str, Any]:
    held = points()
    newest = held[-1]
    said = (
        f"An invented authority, {words.month(newest.period_start)}:"
        f" {words.number(newest.value or 0)} {UNIT}, below its usual range of"
        f" {words.usual_range(newest, 0)}."
    )
    labels = [words.short_period("month", one.period_start, one.period_end) for one in held]
    return {
        "sentence": said,
        "unit": UNIT,
        "chart": line_chart(
            held, labels, chart_id="example", title="Referrals in an invented authority",
            description=said, unit=UNIT, periods="Months", decimals=0,
        ),
        "rows": _rows(held, labels),
    }  # fmt: skip


def _rows(held: Sequence[Point], labels: Sequence[str]) -> list[tuple[str, str | Markup, str]]:
    """Period, value and range, the newest first."""
    found = [
        (label, words.value(point, 0), words.usual_range(point, 0))
        for label, point in zip(labels, held, strict=True)
    ]
    return found[::-1]
