"""Which figure a page shows of an area."""

from datetime import date
from types import SimpleNamespace

import pytest

from sightline.report.data import Headline, Point, Published, Series

START, END = date(2025, 9, 1), date(2026, 8, 31)
KIND = ("academic_year", "published_exclusions", "total")


def series(kind: tuple[str, str, str], value: float) -> Series:
    about = {"period_start": START, "period_end": END, "value": value}
    return Series("rate", *kind, (Point(**dict.fromkeys(Point._fields) | about),))


@pytest.mark.parametrize(
    "other",
    [
        (*KIND[:2], "girls"),
        (KIND[0], "extracts", KIND[2]),
        ("financial_year", *KIND[1:]),
    ],
)
def test_the_figure_of_an_area_is_of_the_headlines_time_source_and_breakdown(other) -> None:
    held = [series(other, 1.0), series(KIND, 2.0)]
    published = SimpleNamespace(
        headlines={"rate": Headline(KIND, START, END)}, series={("383", "rate"): held}
    )
    shown = Published.latest_point(published, SimpleNamespace(key="383"), "rate")
    assert shown.value == 2.0
