"""What is told of an alert never contradicts it, whatever was found."""

import re
from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from sightline.warehouse.release import evidence
from sightline.warehouse.release.evidence import Evidence, Scale

SCALE = Scale("per 10,000 children a year", 1, "month")
LAST = date(2026, 9, 1)
FALL = Evidence(
    first=date(2025, 10, 1), last=LAST, periods=12, value=408.2, expected=579.2, lower=540.0,
    upper=618.4, difference=-3075, change=-30, newest=LAST, newest_value=345.6,
    newest_expected=500.0,
)  # fmt: skip

figure = st.none() | st.floats(0, 1_000, allow_nan=False).map(lambda value: round(value, 1))


@given(figure, figure, figure, figure, st.sampled_from(["down", "up"]), st.sampled_from([1, 6]))
def test_no_number_contradicts_the_alert(
    value: float | None,
    expected: float | None,
    lower: float | None,
    upper: float | None,
    direction: evidence.Direction,
    periods: int,
) -> None:
    assume(lower is None or upper is None or lower < upper)
    found = Evidence(
        first=date(2026, 4, 1), periods=periods, value=value, expected=expected, lower=lower,
        upper=upper,
    )  # fmt: skip
    said = evidence.judged(found, direction, SCALE, LAST)
    numbers = [float(one.replace(",", "")) for one in re.findall(r"[\d,]*\d\.\d", said)]
    if said == evidence.NOT_ALONE:
        assert not numbers
        return
    told, usual, *limits = numbers
    assert told < usual if direction == "down" else told > usual
    if limits:
        assert told < limits[0] if direction == "down" else told > limits[1]
    elif periods > 1:
        assert evidence.NO_RANGE in said


def test_what_was_judged_is_told_with_its_months_its_range_and_by_how_much() -> None:
    assert evidence.judged(FALL, "down", SCALE, LAST) == (
        "408.2 per 10,000 children a year in the 12 months from October 2025 to September 2026."
        " About 579.2 was expected; between 540.0 and 618.4 would be usual. That is 30% less, about"
        " 3,075 fewer."
    )
    assert evidence.newest(FALL, "down", SCALE) == (
        "In September 2026 alone: 345.6 per 10,000 children a year; about 500.0 was expected."
    )


def test_a_newest_figure_that_contradicts_what_was_judged_is_not_told() -> None:
    """One value below, on and above what was expected of that month alone."""
    for direction, told in (("down", [True, False, False]), ("up", [False, False, True])):
        alone = [
            evidence.newest(FALL.model_copy(update={"newest_value": value}), direction, SCALE)
            for value in (499.9, 500.0, 500.1)
        ]
        assert [one is not None for one in alone] == told
    one_period = FALL.model_copy(update={"periods": 1})
    assert evidence.newest(one_period, "down", SCALE) is None


def test_a_limit_that_is_met_is_no_evidence() -> None:
    """One value below, on and above the limit."""
    on_each_side = [FALL.model_copy(update={"value": value}) for value in (539.9, 540.0, 540.1)]
    assert [one.bears_out("down") for one in on_each_side] == [True, False, False]
    assert not FALL.bears_out("up")


def test_how_long_it_lasted_has_one_wording() -> None:
    first = date(2025, 10, 1)
    assert evidence.lasted(first, 12, 9, "month") == "Marked in 9 of 12 months since October 2025"
    assert evidence.lasted(LAST, 1, 1, "month") == "Marked in one month (September 2026)"
    unmarked = evidence.lasted(first, 12, 0, "month")
    assert unmarked == "It has lasted since about October 2025"
    assert evidence.lasted(first, 1, None, "month") == unmarked
