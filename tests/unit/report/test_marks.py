"""Small drawings in tables: on one scale, with nothing drawn of what is withheld."""

import re

import pytest
from lxml import html
from report_points import point

from sightline.report.marks import (
    HEAT,
    Ranked,
    contribution_bars,
    heat,
    heat_cell,
    ranked_dots,
    sparkline,
)


def drawn(markup: str):
    return html.fromstring(str(markup))


def of_class(svg, name: str) -> list:
    return [one for one in svg.iter() if name in (one.get("class") or "").split()]


def corners(svg) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for line in of_class(svg, "line")
        for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", line.get("d"))
    ]


def test_a_sparkline_shows_what_is_published_and_no_more() -> None:
    svg = drawn(sparkline([point(1, 1.0), point(2, None), point(3, 3.0), point(4, 2.0)]))
    assert [x for x, _ in corners(svg)] == [4, 62.7, 92]
    assert [y for _, y in corners(svg)] == [20, 4, 12]
    assert len(of_class(svg, "line")) == 2
    assert svg.get("aria-hidden") == "true"
    [end] = of_class(svg, "dot-line")
    assert (end.get("cx"), end.get("cy")) == ("92", "12")


@pytest.mark.parametrize(("is_large", "height"), [(False, "24"), (True, "40")])
def test_a_large_sparkline_stands_over_its_range(is_large: bool, height: str) -> None:
    points = [point(at, 2.0, lower=1.0, upper=3.0) for at in (1, 2)]
    svg = drawn(sparkline(points, is_large=is_large))
    assert svg.get("height") == height
    assert [one.get("d") for one in of_class(svg, "band")] == (
        ["M4 36L116 36L116 4L4 4Z"] if is_large else []
    )


@pytest.mark.parametrize("values", [[], [None, None], [1.0], [None, 1.0]])
def test_there_is_no_line_of_fewer_than_two_figures(values: list[float | None]) -> None:
    assert sparkline([point(at, value) for at, value in enumerate(values, start=1)]) == ""
    assert sparkline([point(1, 1.0), point(2, 1.0)]) != ""


def test_the_end_of_a_sparkline_says_what_was_found() -> None:
    worse = [point(1, 1.0), point(2, 2.0, status="worsening", is_provisional=True)]
    [end] = of_class(drawn(sparkline(worse)), "worse")
    assert end.tag == "path"
    assert "hollow" in end.get("class")


def test_ranked_dots_share_a_scale() -> None:
    rows = [
        Ranked(10.0, 0.0, 20.0),
        Ranked(None, 5.0, 6.0),
        Ranked(30.0, 20.0, 40.0, is_worse=True),
    ]
    first, withheld, last = ranked_dots(rows, reference=20.0)
    assert withheld == ""
    [dot] = of_class(drawn(first), "dot-line")
    assert dot.get("cx") == "26.5%"
    [reach] = of_class(drawn(first), "range")
    assert (reach.get("x1"), reach.get("x2")) == ("3%", "50%")
    [reach] = of_class(drawn(last), "range")
    assert (reach.get("x1"), reach.get("x2")) == ("50%", "97%")
    assert [of_class(drawn(one), "beside")[0].get("x1") for one in (first, last)] == ["50%", "50%"]
    assert of_class(drawn(last), "worse")


def test_there_are_no_dots_where_there_is_no_figure() -> None:
    assert ranked_dots([Ranked(None), Ranked(None)], reference=3.0) == ["", ""]


def test_bars_begin_at_nought_and_are_as_long_as_what_they_stand_for() -> None:
    fall, rise, withheld, none = contribution_bars([-30.0, 10.0, None, 0.0])
    assert withheld == ""
    widths = {}
    for kind, bar in (("fall", fall), ("rise", rise)):
        [one] = of_class(drawn(bar), kind)
        start, width = (float(one.get(name).rstrip("%")) for name in ("x", "width"))
        widths[kind] = width
        [nought] = {float(line.get("x1").rstrip("%")) for line in of_class(drawn(bar), "axis")}
        assert nought == pytest.approx(start + width if kind == "fall" else start)
    assert widths["fall"] == pytest.approx(3 * widths["rise"], abs=0.1)
    assert sum(widths.values()) == pytest.approx(98)
    assert of_class(drawn(none), "rise")[0].get("width") == "0%"


STATES = {
    "W": point(1, 5.0, status="worsening", kind="sustained"),
    "w": point(1, 5.0, status="worsening", kind="spike"),
    "b": point(1, 5.0, status="improving", kind="sustained"),
    "\u00b7": point(1, 5.0, status="ok"),
    "c": point(1, None, status="not_assessable", marker="c"),
    "\u2013": point(1, 5.0),
    "?": point(1, 5.0, status="not_assessable"),
    "x": point(1, None, status="not_assessable", marker="x"),
}


@pytest.mark.parametrize("letter", STATES)
def test_every_state_has_a_letter_of_its_own(letter: str) -> None:
    assert heat(STATES[letter]).letter == letter
    assert (
        heat_cell(STATES[letter]) == f'<td class="heat-{heat(STATES[letter]).kind}">{letter}</td>'
    )


def test_the_legend_has_every_letter_once() -> None:
    letters = [one.letter for one in HEAT]
    assert sorted(letters) == sorted(STATES)
    assert len({one.words for one in HEAT}) == len(HEAT)
    assert heat(None).letter == "x"
    assert heat(point(1, None, marker="low", status="ok")).letter == "\u00b7"
    assert heat(point(1, None, marker="low")).letter == "c"
