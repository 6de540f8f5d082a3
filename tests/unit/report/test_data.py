"""Which figure a page shows of an area."""

from datetime import date
from types import SimpleNamespace

import duckdb
import pytest

from report.data import Area, Headline, Point, Published, Series, _areas

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


def test_an_area_with_two_codes_stands_under_its_newest() -> None:
    blank = dict.fromkeys(name for name in Area.__dataclass_fields__ if name != "key")
    codes = [("E1", date(2009, 4, 1), date(2021, 3, 31)), ("E2", date(2021, 4, 1), None)]
    with duckdb.connect() as connection:
        connection.execute(f"create table areas ({', '.join(f'{name} varchar' for name in blank)})")
        for code, since, until in codes:
            about = {"area_code": code, "la_code": "383", "valid_from": since, "valid_to": until}
            row = [*(blank | about).values()]
            connection.execute(f"insert into areas values ({', '.join('?' * len(row))})", row)
        [area] = _areas(connection)
    assert (area.key, area.area_code) == ("383", "E2")
