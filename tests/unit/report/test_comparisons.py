"""An area's figure stands beside a year before, areas like it and all of its kind."""

from datetime import date
from typing import Any

import pytest
from test_findings import INDEX, RATE, SHARE, point

from sightline.report.comparisons import Comparisons, counted
from sightline.report.data import Area, Headline, Indicator, Point, Published, Series, read_at

KIND = ("month", "extracts", "total")


def area(key: str, ended_on: date | None = None) -> Area:
    return Area(key, f"E{key}", key, f"Area {key}", "local_authority", None, None, ended_on, 0, 0)


def comparisons(
    held: dict[str, list[Point]], *, like: dict[str, list[str]] | None = None, ended: str = ""
) -> Comparisons:
    """Of one indicator, read at October 2026."""
    nothing: dict[str, Any] = dict.fromkeys(Published.__dataclass_fields__)
    neighbours = {
        key: [{"neighbour_la_code": one, "closeness": "Close"} for one in others]
        for key, others in (like or {}).items()
    }
    return Comparisons(
        Published(
            **nothing
            | {
                "areas": [area(key, date(2020, 3, 31) if key == ended else None) for key in held],
                "series": {
                    (key, "referral_rate"): [Series("referral_rate", *KIND, tuple(points))]
                    for key, points in held.items()
                },
                "neighbours": neighbours,
                "headlines": {
                    "referral_rate": Headline(KIND, date(2026, 10, 1), date(2026, 10, 31))
                },
            }
        )
    )


@pytest.mark.parametrize(
    ("before", "now", "about", "said"),
    [
        (200.0, 150.0, RATE, "25% lower"),
        (200.0, 250.0, RATE, "25% higher"),
        (200.0, 200.4, RATE, "No change"),
        (20.0, 23.5, SHARE, "3.5 points higher"),
        (None, 23.5, SHARE, "\u2013"),
        (20.0, None, SHARE, "\u2013"),
    ],
)
def test_the_change_on_a_year_before_is_said_in_words(
    before: float | None, now: float | None, about: Indicator, said: str
) -> None:
    found = comparisons({"301": [point(2025, before), point(2026, now)]})
    assert found.change(area("301"), about) == said


def test_without_a_year_before_there_is_no_change() -> None:
    found = comparisons({"301": [point(2024, 20.0), point(2026, 30.0)]})
    assert found.change(area("301"), RATE) == "\u2013"
    assert found.change(area("999"), RATE) == "\u2013"


def test_the_median_is_of_the_named_neighbours_that_have_a_figure() -> None:
    values = {
        "302": 10.0,
        "303": 20.0,
        "304": 30.0,
        "305": 44.0,
        "306": 50.0,
        "307": None,
        "308": 9.0,
    }
    held = {key: [point(2026, value)] for key, value in values.items()}
    held["301"] = [point(2026, 1000.0)]
    found = comparisons(held, like={"301": ["302", "303", "304", "305", "306", "307", "990"]})
    assert found.neighbours_median(area("301"), RATE) == "30.0"
    assert [row["area"].key for row in found.neighbours(area("301"))] == [
        "302", "303", "304", "305", "306", "307",
    ]  # fmt: skip


def test_a_median_of_fewer_than_five_neighbours_is_not_told() -> None:
    held = {str(key): [point(2026, 10.0)] for key in range(301, 307)}
    found = comparisons(held, like={"301": ["302", "303", "304", "305"]})
    assert found.neighbours_median(area("301"), RATE) == "\u2013"
    found = comparisons(held, like={"301": ["302", "303", "304", "305", "306"]})
    assert found.neighbours_median(area("301"), RATE) == "10.0"
    assert found.neighbours_median(area("302"), RATE) == "\u2013"


def test_an_area_is_ranked_among_the_areas_of_today() -> None:
    held = {
        key: [point(2026, 10.0 * place, numerator=1000 * place, denominator=10000)]
        for place, key in enumerate(["301", "302", "303"], start=1)
    }
    assert comparisons(held).rank(area("301"), RATE) == "Lowest of 3"
    assert comparisons(held, ended="301").rank(area("302"), RATE) == "Lowest of 2"
    assert comparisons(held, ended="301").rank(area("301"), RATE) == "\u2013"
    assert comparisons(held).rank(area("301"), INDEX) == "\u2013"


@pytest.mark.parametrize(("about", "said"), [(SHARE, "65 of 1,290"), (RATE, "65"), (INDEX, "65")])
def test_the_count_behind_a_figure_is_told(about: Indicator, said: str) -> None:
    assert counted(point(2026, 5.0, numerator=65, denominator=1290), about) == said


def test_no_count_is_told_where_it_is_withheld() -> None:
    assert not counted(point(2026, None, denominator=1290, marker="c"), SHARE)
    assert not counted(None, SHARE)


def test_an_indicator_is_not_read_at_a_month_of_holidays() -> None:
    july, august = point(2026, 3.0), point(2026, 0.0, reason="nothing_expected")
    august = august._replace(period_start=date(2026, 11, 1), period_end=date(2026, 11, 30))
    series = Series("referral_rate", *KIND, (july, august))
    assert read_at(series) == july
    assert read_at(Series("referral_rate", *KIND, (point(2026, None),))) is None
