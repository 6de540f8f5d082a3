"""Funnel and quadrant: dots where they belong, names of those that matter, nothing outside."""

import pytest
from lxml import html

from sightline.report.funnel import Funnel, Measured
from sightline.report.scatter import HEIGHT, NAMED, Dot, Words, funnel_plot, quadrant

WORDS = Words("f", "A <funnel>", "Said.", "Children", "Per cent")


def figure(markup: str):
    return html.fromstring(f"<figure>{markup}</figure>")


def of_class(svg, name: str) -> list:
    return [one for one in svg.iter() if name in (one.get("class") or "").split()]


def names(svg) -> list[str]:
    return [one.text for one in of_class(svg, "halo")]


def test_a_funnel_names_those_beyond_its_limits_and_no_others() -> None:
    """Of 100 children chance is 4 per cent about 20, so one in 500 lies beyond 32.36."""
    funnel = Funnel("proportion", 100, 20, 0)
    held = [Measured("Inside", 100, 32.3), Measured("Beyond", 100, 32.4), Measured("Low", 100, 7.6)]
    drawn = figure(funnel_plot(funnel, held, WORDS, 1))
    assert names(drawn) == ["Beyond", "Low", "all 20.0"]
    assert len(of_class(drawn, "area-dot")) == 1
    assert len(of_class(drawn, "worse")) == 2


def test_the_furthest_are_named_where_there_are_many() -> None:
    funnel = Funnel("proportion", 100, 20, 0)
    held = [Measured(f"Area {at}", 100, 40 + at) for at in range(NAMED + 5)]
    drawn = figure(funnel_plot(funnel, held, WORDS, 1))
    assert set(names(drawn)) == {"all 20.0", *(f"Area {at}" for at in range(5, NAMED + 5))}


def test_limits_are_drawn_on_both_sides_and_no_share_goes_beyond_all() -> None:
    held = [Measured("a", 20, 97), Measured("b", 400, 95)]
    drawn = figure(funnel_plot(Funnel("proportion", 100, 95, 0), held, WORDS, 1))
    assert len(of_class(drawn, "limit-warning")) == len(of_class(drawn, "limit-alarm")) == 2
    assert [one.text for one in of_class(drawn, "y")][-1] == "100"


@pytest.fixture(scope="module")
def four():
    corners = {"Bad": (9.0, 20.0), "Both": (9.0, 80.0), "None": (1.0, 20.0), "Good": (1.0, 80.0)}
    dots = [Dot(name, *at, is_named=name == "Bad") for name, at in corners.items()]
    return figure(quadrant(dots, (5.0, 50.0), WORDS))


def test_the_bad_corner_is_where_exposure_is_high_and_identification_low(four) -> None:
    [corner] = of_class(four, "corner")
    left, top = float(corner.get("x").rstrip("%")), float(corner.get("y"))
    assert left == 50
    assert top == 97.5
    [bad] = of_class(four, "at")
    assert float(bad.get("x").rstrip("%")) > left
    assert float(bad.get("y")) > top
    others = of_class(four, "area-dot")
    assert len(others) == 3
    for one in others:
        inside = float(one.get("cx").rstrip("%")) > left and float(one.get("cy")) > top
        assert not inside


def test_only_the_names_that_were_asked_for_stand_in_a_quadrant(four) -> None:
    assert names(four) == ["Bad", "more exposed, fewer identified"]


def test_a_scatter_is_named_and_both_its_axes_are(four) -> None:
    assert four.find("p").text == "Per cent."
    assert [one.text for one in of_class(four, "right")] == ["Children"]
    [svg] = four.findall("svg")
    assert svg.get("role") == "img"
    assert [one.text for one in svg if one.tag in ("title", "desc")] == ["A <funnel>", "Said."]


def test_axes_that_do_not_start_at_nought_say_so() -> None:
    dots = [Dot("a", 50.0, 70.0), Dot("b", 60.0, 90.0)]
    said = figure(quadrant(dots, (55.0, 80.0), WORDS)).find("p").text
    upright, lower = "upright axis starts at 70, not", "lower axis starts at 50.0, not"
    assert said == f"Per cent. The {upright} at 0. The {lower} at 0."


def test_dots_stay_inside(four) -> None:
    for one in [*of_class(four, "area-dot")]:
        assert 0 <= float(one.get("cx").rstrip("%")) <= 100
        assert 0 <= float(one.get("cy")) <= HEIGHT
