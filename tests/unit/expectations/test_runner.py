"""Expectations on frames of a few rows, and what a broken checker does."""

import pandas as pd
import pytest
from great_expectations import expectations as gxe

from sightline.expectations.runner import CheckerBroken, about, judge

BETWEEN = gxe.ExpectColumnValuesToBeBetween(
    column="share", min_value=0, max_value=0.05, meta=about("share_is_small", "engineering")
)
PRESENT = gxe.ExpectColumnValuesToNotBeNull(
    column="days", meta=about("period_is_known", "engineering")
)


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("values", "failed"), [([0.0, 0.05, None], 0), ([0.0, 0.0501], 1), ([-0.1, 0.2], 2)]
)
def test_a_limit_holds_up_to_its_edge_and_blanks_pass(values: list[object], failed: int) -> None:
    result = judge("signs", frame(share=values), [BETWEEN])
    assert result.details.get("failed_share_is_small", 0) == failed
    assert result.passed is (failed == 0)


@pytest.mark.parametrize(("values", "passed"), [([1, 31], True), ([1, None], False)])
def test_a_blank_fails_where_it_is_forbidden(values: list[object], passed: bool) -> None:
    assert judge("signs", frame(days=values), [PRESENT]).passed is passed


def test_every_limit_is_counted_as_run() -> None:
    """Fault 79."""
    result = judge("signs", frame(share=[0.0], days=[1]), [BETWEEN, PRESENT])
    assert (result.ran, result.failed) == (2, 0)


def test_nothing_to_judge_is_no_fault() -> None:
    result = judge("signs", frame(share=[], days=[]), [BETWEEN, PRESENT], identify="share")
    assert (result.passed, result.ran) == (True, 2)


def test_a_checker_that_cannot_run_fails_as_a_checker_and_not_as_bad_data() -> None:
    """Fault 79."""
    with pytest.raises(CheckerBroken, match="share_is_small"):
        judge("signs", frame(days=[1]), [BETWEEN, PRESENT])


def test_failing_rows_are_named_by_our_own_number_and_never_by_a_value() -> None:
    result = judge("signs", frame(id=[7, 8, 9], share=[0.1, 0.0, 0.777]), [BETWEEN], identify="id")
    assert result.details["failing"] == {"share_is_small": [7, 9]}
    assert "0.777" not in str(result)
