"""What no alert means is said in words and in per cent."""

import pytest

from sightline.report import silence
from sightline.report.data import Point


def point(change: float | None, drift: float | None) -> Point:
    told = {"minimum_detectable_change": change, "minimum_detectable_drift": drift}
    return Point(**dict.fromkeys(Point._fields) | told)


@pytest.mark.parametrize(
    ("change", "drift", "shown"),
    [
        (-0.15, -0.017, ("\u221215 %", "\u22121.7 %")),
        (0.39, 0.039, ("+39 %", "+3.9 %")),
        (0.39, None, ("+39 %", "\u2013")),
        (None, None, ("\u2013", "\u2013")),
    ],
)
def test_the_least_that_is_detected_is_shown_with_its_direction(change, drift, shown) -> None:
    held = point(change, drift)
    assert (silence.change(held), silence.drift(held)) == shown


def test_nothing_is_shown_where_there_is_no_figure() -> None:
    assert (silence.change(None), silence.drift(None)) == ("\u2013", "\u2013")


@pytest.mark.parametrize(
    ("change", "drift", "period", "said"),
    [
        (
            -0.15, -0.0174, "month",
            "A fall of less than 15 % that stays may not be detected within half a year."
            " A loss of less than 1.7 % a month may not be detected within a year.",
        ),
        (
            0.39, 0.04, "term",
            "A rise of less than 39 % that stays may not be detected within two terms."
            " A rise of less than 4.0 % a term may not be detected within a year.",
        ),
    ],
)  # fmt: skip
def test_what_may_go_undetected_is_said_in_words(change, drift, period, said) -> None:
    assert silence.undetected(change, drift, period) == said


@pytest.mark.parametrize(("change", "drift"), [(0.3, None), (None, None)])
def test_nothing_is_said_where_no_slow_worsening_was_looked_for(change, drift) -> None:
    assert silence.undetected(change, drift, "year") == ""
