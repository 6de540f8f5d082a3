"""Charts draw what is published and nothing else."""

import re
from datetime import date

import pytest
from lxml import etree

from report.charts import line_chart
from report.data import Point

SVG = "{http://www.w3.org/2000/svg}"


def point(month: int, value: float | None, **more: object) -> Point:
    start = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    plain = dict.fromkeys(Point._fields) | {
        "period_start": start, "period_end": start, "value": value, "is_provisional": False,
        "marker": None if value is not None else "c",
    }  # fmt: skip
    return Point(**plain | more)


def chart(points: list[Point]):
    labels = [str(one.period_start) for one in points]
    drawing = line_chart(
        points,
        labels,
        chart_id="c",
        title="Referral rate, <Leeds>",
        description="Said.",
        decimals=1,
    )
    return etree.fromstring(str(drawing))


def of_class(svg, name: str) -> list:
    return [one for one in svg.iter() if one.get("class") == name]


def columns(svg, name: str) -> list[float]:
    """Where across the drawing a line has its corners."""
    return [
        float(pair.split()[0])
        for path in of_class(svg, name)
        for pair in re.split("[ML]", path.get("d").rstrip("Z"))[1:]
    ]


def test_a_chart_has_a_name_and_a_description() -> None:
    svg = chart([point(1, 5.0), point(2, 6.0)])
    assert svg.get("role") == "img"
    named = svg.get("aria-labelledby").split()
    assert [one.text for one in svg if one.get("id") in named] == [
        "Referral rate, <Leeds>",
        "Said.",
    ]


def test_a_withheld_point_has_no_coordinates() -> None:
    whole = chart([point(1, 5.0), point(2, 6.0), point(3, 7.0), point(4, 8.0), point(5, 9.0)])
    gap = chart([point(1, 5.0), point(2, 6.0), point(3, None), point(4, 8.0), point(5, 9.0)])
    assert len(columns(whole, "line")) == 5
    assert columns(gap, "line") == [x for i, x in enumerate(columns(whole, "line")) if i != 2]
    assert len(of_class(gap, "line")) == 2


@pytest.mark.parametrize(
    ("marker", "letter"), [("c", "c"), ("low", "l"), ("high", "h"), ("x", "x"), ("z", "x")]
)
def test_a_gap_is_lettered_always_at_the_same_height(marker: str, letter: str) -> None:
    low = chart([point(1, 5.0), point(2, None, marker=marker), point(3, 6.0)])
    high = chart([point(1, 500.0), point(2, None, marker=marker), point(3, 900.0)])
    assert [one.text for one in of_class(low, "gap")] == [letter]
    assert [one.get("y") for one in of_class(low, "gap")] == [
        one.get("y") for one in of_class(high, "gap")
    ]


def test_the_usual_range_stops_where_it_is_withheld() -> None:
    held = {"lower": 4.0, "upper": 8.0}
    svg = chart(
        [point(1, 5.0, **held), point(2, 5.0, **held), point(3, None), point(4, 6.0, **held)]
    )
    assert len(of_class(svg, "band")) == 1
    assert len(of_class(svg, "lone")) == 1


def test_worsening_is_a_shape_of_its_own() -> None:
    svg = chart(
        [point(1, 5.0), point(2, 2.0, status="worsening"), point(3, 9.0, status="improving")]
    )
    assert [one.tag for one in of_class(svg, "worse")] == [f"{SVG}path".removeprefix(SVG)]
    assert [one.tag for one in of_class(svg, "better")] == ["circle"]


@pytest.mark.parametrize("values", [[None, None], [0.0, 0.0], [5.0], [0.0004, 0.0005], [1e6, 2e6]])
def test_any_values_give_a_drawing_inside_its_frame(values: list[float | None]) -> None:
    svg = chart([point(month, value) for month, value in enumerate(values, start=1)])
    for one in of_class(svg, "line"):
        heights = [float(pair.split()[1]) for pair in re.split("[ML]", one.get("d"))[1:]]
        assert all(0 <= height <= 236 for height in heights)


def test_values_below_nothing_are_drawn_inside_the_chart():
    drawn = chart([point(1, -2.0, lower=-2.6, upper=2.6), point(2, 1.5, lower=-2.6, upper=2.6)])
    [line] = of_class(drawn, "line")
    heights = [float(pair.split()[1]) for pair in re.split("[ML]", line.get("d")) if pair]
    assert max(heights) <= 200
    assert of_class(drawn, "y")[0].text.startswith("-")
