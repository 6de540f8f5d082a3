"""Points of series for tests of what the report draws."""

from datetime import date

from sightline.report.data import Point


def point(month: int, value: float | None, **more: object) -> Point:
    """A month from January 2025 on; without a value it is withheld."""
    start = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    plain = dict.fromkeys(Point._fields) | {
        "period_start": start, "period_end": start, "value": value, "is_provisional": False,
        "marker": None if value is not None else "c",
    }  # fmt: skip
    return Point(**plain | more)
