"""Charts draw what is published and nothing else."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from lxml import etree, html
from report_points import point

from sightline.report.charts import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Beside, line_chart
from sightline.report.data import Point
from sightline.report.html import FOLDER
from sightline.report.svg import apart, axis


def months(*values: float | None) -> list[Point]:
    return [point(month, value) for month, value in enumerate(values, start=1)]


def figure(points: Sequence[Point], **more: object):
    asked = {"unit": "per cent", "periods": "Months to Dec 2025", "decimals": 1} | more
    drawing = line_chart(
        points,
        [str(one.period_start) for one in points],
        chart_id="c",
        title="Referral rate, <Leeds>",
        description="Said.",
        **asked,
    )
    return html.fromstring(f"<figure>{drawing}</figure>")


def chart(points: Sequence[Point], **more: object):
    return figure(points, **more).find("svg")


def of_class(svg, name: str) -> list:
    return [one for one in svg.iter() if name in (one.get("class") or "").split()]


def corners(svg, name: str) -> list[tuple[float, float]]:
    """The corners of a line."""
    return [
        (float(across), float(down))
        for path in of_class(svg, name)
        for across, down in re.findall(r"([-\d.]+) ([-\d.]+)", path.get("d"))
    ]


def columns(svg, name: str) -> list[float]:
    return [across for across, _ in corners(svg, name)]


def test_a_chart_has_a_name_and_a_description() -> None:
    svg = chart(months(5.0, 6.0))
    assert svg.get("role") == "img"
    named = svg.get("aria-labelledby").split()
    assert [one.text for one in svg if one.get("id") in named] == [
        "Referral rate, <Leeds>",
        "Said.",
    ]


def test_there_is_no_chart_where_there_is_no_figure() -> None:
    assert line_chart(
        months(None, None), ["a", "b"], chart_id="c", title="", description="", unit="",
        periods="", decimals=0,
    ) == ""  # fmt: skip
    assert chart(months(None, 0.0)) is not None


def test_a_withheld_point_has_no_coordinates() -> None:
    whole = chart(months(5.0, 6.0, 7.0, 8.0, 9.0))
    gap = chart(months(5.0, 6.0, None, 8.0, 9.0))
    assert len(columns(whole, "line")) == 5
    assert columns(gap, "line") == [x for i, x in enumerate(columns(whole, "line")) if i != 2]
    assert len(of_class(gap, "line")) == 2


@pytest.mark.parametrize(
    ("marker", "letter"), [("c", "c"), ("low", "L"), ("high", "H"), ("x", "x"), ("z", "x")]
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


def test_each_verdict_has_a_shape_of_its_own() -> None:
    svg = chart(
        [point(1, 5.0), point(2, 2.0, status="worsening"), point(3, 9.0, status="improving")]
    )
    [worse], [better] = of_class(svg, "worse"), of_class(svg, "better")
    assert worse.get("d").partition("m")[2] != better.get("d").partition("m")[2]


@pytest.mark.parametrize(
    ("status", "shape"), [("worsening", "worse"), ("improving", "better"), ("ok", "dot-line")]
)
def test_a_provisional_point_is_hollow_whatever_was_found(status: str, shape: str) -> None:
    firm = chart([point(1, 5.0, status=status), point(2, 6.0)])
    assert not of_class(firm, "hollow")
    held = chart([point(1, 5.0, status=status, is_provisional=True), point(2, 6.0)])
    [hollow] = of_class(held, "hollow")
    assert shape in hollow.get("class").split()


def test_the_line_is_dashed_on_both_sides_of_a_figure_of_which_too_little_is_in() -> None:
    svg = chart(months(1.0, 2.0, 3.0, 4.0, 5.0), dashed=[False, False, True, False, False])
    drawn = [("part" in one.get("class").split(), one.get("d").count("L")) for one in
             of_class(svg, "line")]  # fmt: skip
    assert drawn == [(False, 1), (True, 2), (False, 1)]
    assert not of_class(chart(months(1.0, 2.0), dashed=[False, False]), "part")


@pytest.mark.parametrize("values", [[0.0, 0.0], [5.0], [0.0004, 0.0005], [1e6, 2e6], [-3.0, -1.0]])
def test_any_values_give_a_drawing_inside_its_frame(values: list[float]) -> None:
    svg = chart(months(*values))
    circles = [float(one.get("cy")) for one in of_class(svg, "dot-line")]
    heights = [down for _, down in corners(svg, "line")] + circles
    assert heights
    assert all(TOP <= height <= BOTTOM for height in heights)


def test_values_below_nothing_are_drawn_inside_the_chart() -> None:
    drawn = chart([point(1, -2.0, lower=-2.6, upper=2.6), point(2, 1.5, lower=-2.6, upper=2.6)])
    assert max(down for _, down in corners(drawn, "line")) <= BOTTOM
    assert of_class(drawn, "y")[0].text.startswith("\u2212")
    assert len(of_class(drawn, "nought")) == 1


STEPS = {
    "twos and a half": ((47.6, 57.0), ["47.5", "50.0", "52.5", "55.0", "57.5"]),
    "quarters": ((0.0, 1.0), ["0.00", "0.25", "0.50", "0.75", "1.00"]),
    "twenty-fives": ((0.0, 99.0), ["0", "25", "50", "75", "100"]),
    "ones": ((96.2, 99.9), ["96", "97", "98", "99", "100"]),
    "fiftieths": ((0.0, 0.07), ["0.00", "0.02", "0.04", "0.06", "0.08"]),
    "thousands": ((0.0, 3999.0), ["0", "1,000", "2,000", "3,000", "4,000"]),
    "tens": ((0.0, 39.0), ["0", "10", "20", "30", "40"]),
    "around nought": ((-0.3, 0.3), ["\u22120.4", "\u22120.2", "0.0", "0.2", "0.4"]),
}


@pytest.mark.parametrize(("values", "labels"), STEPS.values(), ids=STEPS)
def test_labels_are_what_they_stand_at(values: tuple[float, ...], labels: list[str]) -> None:
    scale = axis(values)
    assert [scale.label(tick) for tick in scale.ticks] == labels
    for tick, label in zip(scale.ticks, labels, strict=True):
        assert float(label.replace(",", "").replace("\u2212", "-")) == pytest.approx(tick)


@pytest.mark.parametrize("low", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("high", [0.013, 1.0, 7.3, 24.9, 100.0, 999.0, 123456.0])
def test_every_label_is_told_from_the_next_and_true(low: float, high: float) -> None:
    scale = axis([low * high, high])
    labels = [scale.label(tick) for tick in scale.ticks]
    assert len(set(labels)) == len(labels)
    for tick, label in zip(scale.ticks, labels, strict=True):
        assert float(label.replace(",", "")) == pytest.approx(tick, rel=1e-9, abs=1e-12)
    assert scale.low <= low * high + 1e-9
    assert scale.high >= high - 1e-9


def test_no_axis_of_a_share_goes_beyond_all_of_it() -> None:
    points = [point(month, 97.0, lower=80.0, upper=103.0) for month in (1, 2)]
    assert max(axis([80.0, 103.0], most=100.0).ticks) == 100.0
    assert [one.text for one in of_class(chart(points, most=100.0), "y")][-1] == "100"
    assert min(down for _, down in corners(chart(points, most=100.0), "band")) == TOP
    assert [one.text for one in of_class(chart(points), "y")][-1] == "110"


def test_an_axis_that_does_not_start_at_nought_says_so() -> None:
    said = figure(months(60.0, 99.0)).find("p").text
    assert said == "Per cent. The axis starts at 60, not at 0."
    assert figure(months(59.0, 99.0)).find("p").text == "Per cent."
    assert figure(months(-1.0, 1.0)).find("p").text == "Per cent."


def test_both_axes_have_a_title() -> None:
    drawn = figure(months(1.0, 2.0), unit="per 10,000 children a year")
    assert drawn.find("p").text == "Per 10,000 children a year."
    assert [one.text for one in of_class(drawn, "right")] == ["Months to Dec 2025"]


def test_every_line_says_what_it_is_where_it_ends() -> None:
    held = [point(1, 50.0, expected=50.5), point(2, 50.0, expected=50.5)]
    drawn = chart(held, beside=[Beside("England", [50.2, 50.4])])
    [last] = of_class(drawn, "last")
    ends = of_class(drawn, "end")
    assert last.text == "50.0"
    assert [one.text for one in ends] == ["expected", "England"]
    assert {float(one.get("x")) for one in [last, *ends]} == {RIGHT + 7}
    heights = sorted(float(one.get("y")) for one in [last, *ends])
    assert all(after - before >= 15 for before, after in pairwise(heights))


@pytest.mark.parametrize(("newest", "is_below"), [(5.9, True), (6.0, False), (6.1, False)])
def test_the_newest_value_stands_where_the_line_has_not_been(newest: float, is_below: bool) -> None:
    """Under a line that fell to it, else above; what lies further back decides nothing."""
    drawn = chart(months(9.0, 5.0, 6.0, 7.0, newest, None))
    [last] = of_class(drawn, "last")
    mark = of_class(drawn, "dot-line")[-1]
    assert (float(last.get("y")) > float(mark.get("cy"))) == is_below


def test_the_newest_value_never_stands_among_the_years() -> None:
    [last] = of_class(chart(months(9.0, 8.0, 7.0, 0.0, None)), "last")
    assert float(last.get("y")) < BOTTOM


def test_the_newest_value_stands_at_its_own_place_where_later_ones_are_missing() -> None:
    [last] = of_class(chart(months(1.0, 2.0, None)), "last")
    assert "above" in last.get("class")
    [mark] = of_class(chart(months(1.0, 2.0, None)), "dot-line")[-1:]
    assert float(last.get("y")) < float(mark.get("cy"))
    assert float(last.get("x")) < RIGHT - 100


@pytest.mark.parametrize("wanted", [[50.0, 50.0, 50.0], [10.0, 11.0, 190.0], [188.0, 189.0, 190.0]])
def test_labels_are_apart_and_inside(wanted: list[float]) -> None:
    placed = apart(wanted, 15, 14, 190)
    assert all(b - a >= 15 for a, b in pairwise(sorted(placed)))
    assert min(placed) >= 14
    assert max(placed) <= 190
    assert sorted(range(3), key=lambda i: placed[i]) == [0, 1, 2]
    assert apart([20.0, 60.0], 15, 14, 190) == [20.0, 60.0]


def test_a_narrow_window_keeps_the_newest_end_and_the_axis() -> None:
    drawn = chart([point(month, float(month)) for month in range(1, 61)])
    plot, side = drawn.findall("svg")
    assert plot.get("preserveaspectratio") == "xMaxYMin slice"
    assert side.get("preserveaspectratio") == "xMinYMin slice"
    assert of_class(side, "y")
    assert of_class(side, "cover")
    assert not of_class(plot, "y")
    assert of_class(plot, "last")


def test_a_year_that_the_axis_would_cut_is_hidden_instead() -> None:
    drawn = chart([point(month, float(month)) for month in range(1, 61)])
    labels = of_class(drawn, "x")
    assert [one.text for one in labels] == ["2025", "2026", "2027", "2028", "2029"]
    widths = [int(one.get("class").removeprefix("x at")) for one in labels]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 460
    assert widths[-1] == 180
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    for one, width in zip(labels, widths, strict=True):
        assert LEFT - 20 < float(one.get("x")) - (WIDTH - width) <= LEFT
        assert f"@container(max-width:{width / 16:g}rem){{.at{width}{{display:none}}}}" in style


def test_a_drawing_is_well_formed() -> None:
    drawing = str(line_chart(
        months(1.0, None, 3.0), ["a", "b", "<c>"], chart_id="c", title="&", description="<",
        unit="<u>", periods="&", decimals=0,
    ))  # fmt: skip
    assert etree.fromstring(f"<figure>{drawing}</figure>") is not None
